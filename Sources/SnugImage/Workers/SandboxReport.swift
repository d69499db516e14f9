// SPDX-License-Identifier: Apache-2.0
import CSandbox

/// The parts of the sandbox that the system grants to decoder processes, and the decoders that are found there.
public struct SandboxReport: Sendable, Hashable {
    /// A decoder library of the worker.
    public struct Library: Sendable, Hashable {
        /// The library's name.
        public var name: String
        /// The format that it decodes.
        public var format: ImageFormat
        /// The version; `nil` where it is not installed.
        public var version: String?
        /// The Debian package that installs it.
        public var package: String
    }

    /// The parts that are in force, in words.
    public var inForce: [String]
    /// The parts that the system refuses; images that need a worker are refused then.
    public var missing: [String]
    /// The libraries, in the order of formats.
    public var libraries: [Library]

    private static let parts: [(bit: Int, name: String)] = [
        (SNUG_SANDBOX_SYSTEM_CALL_FILTER, "system call filter"), (SNUG_SANDBOX_NO_NEW_PRIVILEGES, "no new privileges"),
        (SNUG_SANDBOX_RESOURCE_LIMITS, "resource limits"), (SNUG_SANDBOX_DIES_WITH_PARENT, "ends with its parent"),
    ]

    /// Starts a worker and asks it. Blocks for some milliseconds.
    /// - Throws: `decoder_unavailable`.
    public init(of worker: DecoderWorker) throws {
        let (sandbox, versions) = try DecoderWorkerPool(worker: worker).inspect()
        inForce = Self.parts.filter { Int(sandbox) & $0.bit != 0 }.map(\.name)
        missing = Self.parts.filter { Int(sandbox) & $0.bit == 0 }.map(\.name)
        libraries = ImageFormat.allCases.compactMap { format in
            guard let codec = format.workerCodec, let version = versions[codec.rawValue] else { return nil }
            let library = WorkerCodec.library(codec)
            return Library(
                name: library.name, format: format, version: version.isEmpty ? nil : version,
                package: library.package)
        }
    }

    /// The parts that are not in force, for a message.
    static func missing(_ sandbox: UInt32) -> String {
        parts.filter { Int(sandbox) & $0.bit == 0 }.map { "no \($0.name)" }.joined(separator: ", ")
    }
}
