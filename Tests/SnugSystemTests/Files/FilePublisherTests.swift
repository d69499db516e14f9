// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@Suite struct FilePublisherTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    @discardableResult
    private func publish(
        _ publisher: FilePublisher, _ bytes: [UInt8], to path: FilePath, replacing: Bool = false
    ) throws -> FilePublisher.Outcome {
        try publisher.publish(to: path, replacing: replacing) { write in try write(bytes[...]) }
    }

    /// The call that fails, and its reason.
    struct Fault: Sendable, CustomTestStringConvertible {
        enum Call: String, Sendable, CaseIterable {
            case openFolder, makeFolders, create, write, synchronize, close, rename
        }
        var call: Call
        var reason: Errno
        var testDescription: String { "\(call.rawValue) fails with \(reason)" }

        static let all: [Fault] = Call.allCases.flatMap { call in
            [Errno.noSpace, .ioError, .diskQuotaExceeded, .readOnlyFileSystem].map { Fault(call: call, reason: $0) }
        }
    }

    private func calls(failing fault: Fault?) -> PublishingCalls {
        var calls = PublishingCalls.system
        let real = calls
        guard let fault else { return calls }
        let reason = fault.reason
        switch fault.call {
        case .openFolder: calls.openFolder = { _ throws(Errno) in throw reason }
        case .create: calls.create = { _, _, _ throws(Errno) in throw reason }
        case .write: calls.write = { _, _ throws(Errno) in throw reason }
        case .makeFolders: calls.makeFolders = { _ throws(Errno) in throw reason }
        case .synchronize: calls.synchronize = { _ throws(Errno) in throw reason }
        case .close:
            calls.close = { file throws(Errno) in
                try real.close(file)
                throw reason
            }
        case .rename: calls.rename = { _, _, _, _ throws(Errno) in throw reason }
        }
        return calls
    }

    @Test("A file appears with all its bytes, in folders that are made for it, and nothing else is left")
    func publishes() throws {
        let temporaries = TemporaryFiles()
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        let outcome = try publish(FilePublisher(temporaries: temporaries), bytes, to: path("x/y/z.jpg"))
        #expect(outcome == .published)
        #expect(try folder.bytes(of: "x/y/z.jpg") == bytes)
        #expect(folder.files() == ["x/y/z.jpg"])
    }

    @Test("A name that is taken stays as it is, unless it is to be replaced")
    func takenName() throws {
        try folder.write([1], to: "a.jpg")
        let publisher = FilePublisher()
        #expect(try publish(publisher, [2], to: path("a.jpg")) == .nameTaken)
        #expect(try folder.bytes(of: "a.jpg") == [1])
        #expect(try publish(publisher, [2], to: path("a.jpg"), replacing: true) == .published)
        #expect(try folder.bytes(of: "a.jpg") == [2])
        #expect(folder.files() == ["a.jpg"])
    }

    @Test("When a call fails the old file is untouched, no temporary is left, and the words fit", arguments: Fault.all)
    func faults(fault: Fault) throws {
        try folder.write([1], to: "a.jpg")
        let publisher = FilePublisher(calls: calls(failing: fault))
        #expect {
            try publish(publisher, [2, 3], to: path("a.jpg"), replacing: true)
        } throws: { error in
            guard let error = error as? SystemFailure else { return false }
            return error.reason == fault.reason && error.description.hasPrefix("cannot ") && !error.remedy.isEmpty
        }
        #expect(try folder.bytes(of: "a.jpg") == [1])
        #expect(folder.files() == ["a.jpg"])
    }

    @Test("A disk that fills up at any write leaves nothing behind", arguments: 1...5)
    func fullDisk(failingWrite: Int) throws {
        var calls = PublishingCalls.system
        let real = calls
        let count = Mutex(0)
        calls.write = { file, bytes throws(Errno) in
            let number = count.withLock { count in
                count += 1
                return count
            }
            if number == failingWrite { throw .noSpace }
            return try real.write(file, bytes.prefix(10))  // A short write each time.
        }
        #expect(throws: SystemFailure.self) {
            try publish(FilePublisher(calls: calls), Array(repeating: 7, count: 50), to: path("a.jpg"))
        }
        #expect(folder.files().isEmpty)
    }

    @Test("Short writes add up to the whole file")
    func shortWrites() throws {
        var calls = PublishingCalls.system
        let real = calls
        calls.write = { file, bytes throws(Errno) in try real.write(file, bytes.prefix(7)) }
        let bytes = Array(UInt8(0)..<200)
        _ = try publish(FilePublisher(calls: calls), bytes, to: path("a.jpg"))
        #expect(try folder.bytes(of: "a.jpg") == bytes)
    }

    @Test("Another temporary name is tried when one is taken")
    func takenTemporaryName() throws {
        try folder.write([1], to: ".snug-1")
        let number = Mutex(0)
        let publisher = FilePublisher {
            number.withLock { number in
                number += 1
                return ".snug-\(number)"
            }
        }
        #expect(try publish(publisher, [2], to: path("a")) == .published)
        #expect(folder.files() == [".snug-1", "a"])
    }

    @Test("Cancelling between writes leaves nothing behind")
    func cancels() throws {
        #expect(throws: CancellationError.self) {
            try FilePublisher().publish(to: path("a"), replacing: false, isCancelled: { true }) { try $0([1]) }
        }
        #expect(folder.files().isEmpty)
    }

    @Test("Content that fails at its end is not published")
    func failingContent() throws {
        struct Changed: Error {}
        #expect(throws: Changed.self) {
            try FilePublisher().publish(to: path("out"), replacing: false) { write in
                try write([1, 2, 3])
                throw Changed()
            }
        }
        #expect(folder.files().isEmpty)
    }

    @Test("A file is replaced in one call, readable for its owner only")
    func replaces() throws {
        try FilePublisher.replace(path("x/state"), with: [1])
        try FilePublisher.replace(path("x/state"), with: [2, 3])
        #expect(try folder.bytes(of: "x/state") == [2, 3])
        #expect(try FileIdentity(of: path("x/state"), followsLinks: false).mode == 0o600)
        #expect(folder.files() == ["x/state"])
    }

    @Test("A path without a name is refused", arguments: ["/", ""])
    func noName(text: String) {
        #expect(throws: SystemFailure.self) { try publish(FilePublisher(), [1], to: FilePath(text), replacing: true) }
    }

    @Test("A hurried exit removes the temporaries that are known, and a finished file is not one")
    func hurriedExit() throws {
        let temporaries = TemporaryFiles()
        try folder.write([1], to: ".snug-x")
        temporaries.remember(path(".snug-x"))
        _ = try publish(FilePublisher(temporaries: temporaries), [1], to: path("a"))
        temporaries.removeAll()
        #expect(folder.files() == ["a"])
    }

    @Test("A replaced file keeps its permissions")
    func keepsPermissions() throws {
        _ = try FilePublisher().publish(to: path("a"), replacing: true, mode: 0o604) { try $0([1]) }
        #expect(try FileIdentity(of: path("a"), followsLinks: false).mode == 0o604)
    }
}
