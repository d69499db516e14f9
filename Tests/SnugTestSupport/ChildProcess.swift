// SPDX-License-Identifier: Apache-2.0
internal import CTestSupport
package import Foundation
import Glibc
import Synchronization
package import SystemPackage

/// A program that runs beside the tests, and is ended with the last reference.
///
/// Foundation's `Process` is of no use here: on Linux whatever is started at the same moment inherits the socket by which it
/// hears of the end, so that it waits for the wrong program, for as long as that lives.
package final class ChildProcess: Sendable {
    package let identifier: pid_t
    private let ownsGroup: Bool
    /// As ``exitCode`` has it, once the system has forgotten the process.
    private let ending = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - arguments: The program's path first.
    ///   - environment: All of it.
    ///   - streams: Descriptors for standard input, output and error; the program inherits nothing else.
    ///   - ownsGroup: Whether it leads a process group of its own, and ``signal(_:)`` means its children, too.
    package init(
        _ arguments: [[UInt8]], environment: [String: String], folder: FilePath, streams: [Int32], ownsGroup: Bool
    ) throws {
        let variables = environment.map { Array("\($0.key)=\($0.value)".utf8) }
        self.ownsGroup = ownsGroup
        identifier = try Self.spawn(arguments, variables, folder: folder, streams: streams, ownsGroup: ownsGroup)
    }

    /// Starts a program without input in a group of its own.
    /// - Parameters:
    ///   - environment: What is added to the test's own.
    ///   - output: A file that its output is appended to.
    ///   - errors: The same for standard error.
    package convenience init(
        _ arguments: [String], environment: [String: String] = [:], folder: FilePath = "/", output: FilePath? = nil,
        errors: FilePath? = nil
    ) throws {
        let nothing = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        defer { try? nothing.close() }
        let files = try [output, errors].map { path in
            try path.map {
                try FileDescriptor.open(
                    $0, .writeOnly, options: [.create, .append], permissions: [.ownerReadWrite, .groupRead, .otherRead])
            }
        }
        defer { for file in files { try? file?.close() } }
        try self.init(
            arguments.map { Array($0.utf8) },
            environment: ProcessInfo.processInfo.environment.merging(environment) { $1 }, folder: folder,
            streams: [nothing.rawValue] + files.map { $0?.rawValue ?? nothing.rawValue }, ownsGroup: true)
    }

    deinit {
        // Not SIGTERM, which it may not heed.
        signal(SIGKILL)
        _ = wait()
    }

    package var isRunning: Bool { look() == nil }

    /// Waits for the end, and with it for nothing that the program has started.
    /// - Returns: The exit code; 128 + number for a program that a signal ended.
    package func wait() -> Int32 {
        while true {
            // Leaves it to be collected by whoever holds the lock, so that no signal goes to a stranger.
            var info = unsafe siginfo_t()
            _ = unsafe waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT)
            if let code = look() { return code }
        }
    }

    package func signal(_ number: Int32) {
        // What it started may outlive it.
        if ownsGroup { kill(-identifier, number) }
        ending.withLock { ending in
            if ending == nil { kill(identifier, number) }
        }
    }

    private func look() -> Int32? {
        ending.withLock { ending in
            if ending == nil {
                var status: Int32 = 0
                let found = unsafe waitpid(identifier, &status, WNOHANG)
                if found == identifier {
                    ending = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
                } else if found < 0, errno != EINTR {
                    // Somebody else has collected it.
                    ending = -1
                }
            }
            return ending
        }
    }

    private static func spawn(
        _ arguments: [[UInt8]], _ environment: [[UInt8]], folder: FilePath, streams: [Int32], ownsGroup: Bool
    ) throws -> pid_t {
        var process: Int32 = -1
        let error = try unsafe withCStrings(arguments) { argv in
            try unsafe withCStrings(environment) { envp -> Int32 in
                guard let path = unsafe argv[0] else { return ENOENT }
                return unsafe folder.withPlatformString {
                    unsafe snug_test_spawn(path, argv, envp, $0, streams, ownsGroup, &process)
                }
            }
        }
        guard error == 0 else { throw CommandRunner.Failure(description: "cannot start the program: errno \(error)") }
        return process
    }

    /// Lends a NULL-ended array of C strings.
    private static func withCStrings<Result>(
        _ strings: [[UInt8]], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
    ) throws -> Result {
        var pointers = unsafe strings.map { bytes -> UnsafeMutablePointer<CChar>? in
            unsafe (bytes + [0]).withUnsafeBytes { buffer in
                unsafe buffer.bindMemory(to: CChar.self).baseAddress.flatMap { unsafe strdup($0) }
            }
        }
        unsafe pointers.append(nil)
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return try unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { throw CommandRunner.Failure(description: "no arguments") }
            return unsafe try body(start)
        }
    }
}
