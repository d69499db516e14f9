// SPDX-License-Identifier: Apache-2.0
internal import CTestSupport
import Glibc
public import SystemPackage

/// What a finished program left behind.
public struct CommandResult: Sendable {
    /// The exit code; 128 + number for a program that a signal ended.
    public var exitCode: Int32
    /// What it wrote to standard output.
    public var standardOutputBytes: [UInt8]
    /// What it wrote to standard error.
    public var standardErrorBytes: [UInt8]

    /// Standard output as text.
    public var standardOutput: String { String(decoding: standardOutputBytes, as: UTF8.self) }
    /// Standard error as text.
    public var standardError: String { String(decoding: standardErrorBytes, as: UTF8.self) }
    /// Lines of standard output.
    public var lines: [String] { standardOutput.split(separator: "\n").map(String.init) }
}

/// Runs built programs the way a user does: arguments, a working folder and pipes in, exit code and text out.
public struct CommandRunner: Sendable {
    /// Why a program could not be run.
    public struct Failure: Error, CustomStringConvertible {
        /// What went wrong.
        public var description: String
    }
    /// What a program's standard error is.
    public enum ErrorStream: Sendable {
        case pipe
        /// A terminal of so many columns.
        case terminal(columns: Int)
    }

    /// The program's path.
    public var program: FilePath
    /// The folder that the program runs in.
    public var folder: FilePath
    /// The whole environment; nothing of the test's own gets in, so that results do not depend on it, but for the
    /// options of sanitizers.
    public var environment: [String: String] = ["LANG": "C.UTF-8", "TERM": "xterm"]

    fileprivate static var sanitizerOptions: [String: String] {
        var options: [String: String] = [:]
        for name in ["ASAN_OPTIONS", "TSAN_OPTIONS"] {
            if let value = unsafe getenv(name) { options[name] = unsafe String(cString: value) }
        }
        return options
    }
    /// What standard error is.
    public var errorStream = ErrorStream.pipe
    /// Longest that a program may run, in milliseconds. Sanitizers make it several times as slow.
    public var timeLimit = sanitizerOptions.isEmpty ? 60_000 : 300_000

    /// A runner for a program that was built beside the tests.
    public init(program name: String = "snug", folder: FilePath) throws {
        self.folder = folder
        guard let resolved = unsafe realpath("/proc/self/exe", nil) else {
            throw Failure(description: "cannot find the running test program")
        }
        defer { unsafe free(resolved) }
        var path = unsafe FilePath(platformString: resolved)
        path.removeLastComponent()
        program = path.appending(name)
        environment["SNUG_STATE_DIR"] = TemporaryFolder.state(beside: folder).string
        let isThere = unsafe program.withPlatformString { unsafe access($0, X_OK) } == 0
        guard isThere else { throw Failure(description: "\(program) is not built") }
    }

    /// Runs the program to its end.
    /// - Parameter input: What it reads from standard input, which is closed after it.
    public func run(_ arguments: [String], input: [UInt8] = []) throws -> CommandResult {
        try run(arguments.map { Array($0.utf8) }, input: input)
    }

    /// Runs the program with arguments that may be no UTF-8.
    /// - Parameter whenSaid: Called with the process and all that standard error has said, each time it says more.
    public func run(
        _ arguments: [[UInt8]], input: [UInt8]? = [],
        whenSaid: (_ process: Int32, _ text: String) -> Void = { _, _ in }
    ) throws -> CommandResult {
        let process = try RunningProgram(self, arguments: arguments)
        return try process.finish(input: input, timeLimit: timeLimit, whenSaid: whenSaid)
    }
}

/// One start of a program with its three streams.
private final class RunningProgram {
    private var input: Int32
    private let output: Int32
    private let messages: Int32
    private let process: ChildProcess

    init(_ runner: CommandRunner, arguments: [[UInt8]]) throws {
        // A program that ends without reading its input must not end the tests.
        _ = signal(SIGPIPE, SIG_IGN)
        let inputPipe = try Self.pipe()
        let outputPipe = try Self.pipe()
        let errorPair: (read: Int32, write: Int32)
        switch runner.errorStream {
        case .pipe: errorPair = try Self.pipe()
        case .terminal(let columns): errorPair = try Self.terminal(columns: columns)
        }
        // Whatever stays open in the parent would keep a pipe from ending.
        defer { for end in [inputPipe.read, outputPipe.write, errorPair.write] { close(end) } }
        (input, output, messages) = (inputPipe.write, outputPipe.read, errorPair.read)
        let program = unsafe runner.program.withPlatformString { unsafe Array(String(cString: $0).utf8) }
        process = try ChildProcess(
            [program] + arguments, environment: runner.environment.merging(CommandRunner.sanitizerOptions) { $1 },
            folder: runner.folder, streams: [inputPipe.read, outputPipe.write, errorPair.write], ownsGroup: false)
    }

    deinit {
        for end in [input, output, messages] where end >= 0 { close(end) }
    }

    func finish(
        input bytes: [UInt8]?, timeLimit: Int, whenSaid: (Int32, String) -> Void
    ) throws -> CommandResult {
        var result = CommandResult(exitCode: 0, standardOutputBytes: [], standardErrorBytes: [])
        var rest = (bytes ?? [])[...]
        var open = [output, messages]
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(timeLimit)
        while !open.isEmpty {
            if rest.isEmpty, bytes != nil, input >= 0 { closeInput() }
            var requests = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            if input >= 0, !rest.isEmpty { requests.append(pollfd(fd: input, events: Int16(POLLOUT), revents: 0)) }
            let left = Int32(clamping: Int((deadline - clock.now) / .milliseconds(1)))
            guard left > 0, unsafe poll(&requests, nfds_t(requests.count), left) >= 0 else {
                throw CommandRunner.Failure(description: "the program does not end; it said: \(result.standardError)")
            }
            for request in requests where request.revents != 0 {
                if request.fd == input {
                    let count = unsafe rest.withUnsafeBytes {
                        unsafe write(request.fd, $0.baseAddress, min($0.count, 4096))
                    }
                    if count > 0 { rest = rest.dropFirst(count) } else { rest = [] }
                } else if let chunk = Self.readSome(request.fd) {
                    if request.fd == output {
                        result.standardOutputBytes += chunk
                    } else {
                        result.standardErrorBytes += chunk
                        whenSaid(process.identifier, result.standardError)
                    }
                } else {
                    open.removeAll { $0 == request.fd }
                }
            }
        }
        result.exitCode = process.wait()
        return result
    }

    private func closeInput() {
        close(input)
        input = -1
    }

    /// The next bytes, or `nil` at the end. A terminal whose other end is closed answers EIO.
    private static func readSome(_ descriptor: Int32) -> [UInt8]? {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        return count > 0 ? Array(chunk[..<count]) : nil
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        let result = unsafe ends.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let start = buffer.baseAddress else { return -1 }
            return unsafe Glibc.pipe(start)
        }
        guard result == 0 else { throw CommandRunner.Failure(description: "no pipe: errno \(errno)") }
        // Else a program started by another test at this moment would hold the ends open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func terminal(columns: Int) throws -> (read: Int32, write: Int32) {
        var (ours, theirs): (Int32, Int32) = (-1, -1)
        let error = unsafe snug_test_open_terminal(Int32(clamping: columns), &ours, &theirs)
        guard error == 0 else { throw CommandRunner.Failure(description: "no pseudo-terminal: errno \(error)") }
        return (ours, theirs)
    }
}
