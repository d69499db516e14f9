// SPDX-License-Identifier: Apache-2.0
import SnugSystem

/// An address and a port to listen on: `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// The host's name or address, without brackets.
    public var host: String
    /// The port; 0 lets the system choose one.
    public var port: Int

    /// Creates an address.
    public init(host: String = "127.0.0.1", port: Int = 8080) {
        self.host = host
        self.port = port
    }

    /// Reads an address with its port; a port alone, `8080` or `:8080`, is one of this machine's loopback.
    /// - Throws: ``ServerConfigurationError``.
    public init(parsing text: String) throws(ServerConfigurationError) {
        let fault = ServerConfigurationError(
            "'\(PrintableName.escaped(text))' is no address to listen on; write HOST:PORT, such as 127.0.0.1:8080 or "
                + "[::1]:8080")
        guard let parts = HostName.split(text.contains(":") ? text : ":" + text), let port = parts.port else {
            throw fault
        }
        guard parts.host.isEmpty || HostName.isValid(parts.host) else { throw fault }
        self.init(host: parts.host.isEmpty ? "127.0.0.1" : parts.host, port: port)
    }

    /// True where only this machine can connect.
    public var isLoopback: Bool { HostName.isLoopback(host) }

    /// The address as in a URL.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
