// SPDX-License-Identifier: Apache-2.0

/// A server that takes connections and never responds.
public final class SilentServer: Sendable {
    // The system completes each connection by itself, and nobody reads it.
    private let listener: LoopbackListener

    /// Listens on a port of this machine.
    public init() throws { listener = try LoopbackListener() }

    /// Its port.
    public var port: Int { listener.port }
}
