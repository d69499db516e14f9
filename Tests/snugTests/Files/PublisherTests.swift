// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import snug

@Suite struct PublisherTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func path(_ name: String) -> FilePath { folder.path.appending(FilePath(name).components) }

    /// Which call of a kind fails, and how.
    struct Fault: Sendable, CustomTestStringConvertible {
        enum Call: String, Sendable, CaseIterable {
            case openFolder, create, write, sync, close, rename
        }
        var call: Call
        var reason: Errno
        var testDescription: String { "\(call.rawValue) fails with \(reason)" }

        static let all: [Fault] = Call.allCases.flatMap { call in
            [Errno.noSpace, .ioError, .diskQuotaExceeded, .readOnlyFileSystem].map { Fault(call: call, reason: $0) }
        }
    }

    private func calls(failing fault: Fault?) -> FileCalls {
        var calls = FileCalls.system
        let real = calls
        guard let fault else { return calls }
        let reason = fault.reason
        switch fault.call {
        case .openFolder: calls.openFolder = { _ throws(Errno) in throw reason }
        case .create: calls.create = { _, _, _ throws(Errno) in throw reason }
        case .write: calls.write = { _, _ throws(Errno) in throw reason }
        case .sync: calls.sync = { _ throws(Errno) in throw reason }
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
        let outcome = try Publisher(temporaries: temporaries).publish(
            PublishedContent(bytes: bytes), to: path("x/y/z.jpg"), replacing: false)
        #expect(outcome == .published)
        #expect(try folder.bytes(of: "x/y/z.jpg") == bytes)
        #expect(folder.files() == ["x/y/z.jpg"])
    }

    @Test("A name that is taken stays as it is, unless it is to be replaced")
    func takenName() throws {
        try folder.write([1], to: "a.jpg")
        let publisher = Publisher(temporaries: TemporaryFiles())
        let content = PublishedContent(bytes: [2])
        #expect(try publisher.publish(content, to: path("a.jpg"), replacing: false) == .nameTaken)
        #expect(try folder.bytes(of: "a.jpg") == [1])
        #expect(try publisher.publish(content, to: path("a.jpg"), replacing: true) == .published)
        #expect(try folder.bytes(of: "a.jpg") == [2])
        #expect(folder.files() == ["a.jpg"])
    }

    @Test("When a call fails the old file is untouched, no temporary is left, and the words fit", arguments: Fault.all)
    func faults(fault: Fault) throws {
        try folder.write([1], to: "a.jpg")
        let publisher = Publisher(calls: calls(failing: fault), temporaries: TemporaryFiles())
        #expect {
            try publisher.publish(PublishedContent(bytes: [2, 3]), to: path("a.jpg"), replacing: true)
        } throws: { error in
            guard let error = error as? ImageError else { return false }
            let isFull = fault.reason == .noSpace || fault.reason == .diskQuotaExceeded
            let code: ImageError.Code =
                isFull ? .diskFull : fault.reason == .readOnlyFileSystem ? .permissionDenied : .ioFailed
            return error.code == code && error.message.hasPrefix("cannot ")
        }
        #expect(try folder.bytes(of: "a.jpg") == [1])
        #expect(folder.files() == ["a.jpg"])
    }

    @Test("A disk that fills up at any write leaves nothing behind", arguments: 1...5)
    func fullDisk(failingWrite: Int) throws {
        var calls = FileCalls.system
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
        let publisher = Publisher(calls: calls, temporaries: TemporaryFiles())
        let content = PublishedContent(bytes: Array(repeating: 7, count: 50))
        #expect(throws: ImageError.self) { try publisher.publish(content, to: path("a.jpg"), replacing: false) }
        #expect(folder.files().isEmpty)
    }

    @Test("Short writes add up to the whole file")
    func shortWrites() throws {
        var calls = FileCalls.system
        let real = calls
        calls.write = { file, bytes throws(Errno) in try real.write(file, bytes.prefix(7)) }
        let bytes = Array(UInt8(0)..<200)
        _ = try Publisher(calls: calls, temporaries: TemporaryFiles()).publish(
            PublishedContent(bytes: bytes), to: path("a.jpg"), replacing: false)
        #expect(try folder.bytes(of: "a.jpg") == bytes)
    }

    @Test("A temporary name that is taken is tried anew")
    func takenTemporaryName() throws {
        try folder.write([1], to: ".snug-1")
        let number = Mutex(0)
        let publisher = Publisher(temporaries: TemporaryFiles()) {
            number.withLock { number in
                number += 1
                return ".snug-\(number)"
            }
        }
        #expect(try publisher.publish(PublishedContent(bytes: [2]), to: path("a"), replacing: false) == .published)
        #expect(folder.files() == [".snug-1", "a"])
    }

    @Test("Cancelling between writes leaves nothing behind")
    func cancels() throws {
        let publisher = Publisher(temporaries: TemporaryFiles())
        #expect(throws: CancellationError.self) {
            try publisher.publish(PublishedContent(bytes: [1]), to: path("a"), replacing: false, isCancelled: { true })
        }
        #expect(folder.files().isEmpty)
    }

    @Test("A source that changed while it was copied is not published")
    func changedSource() throws {
        let source = try ImageSource(file: folder.write([1, 2, 3], to: "in.jpg"))
        try folder.write([1, 2, 3, 4], to: "in.jpg")
        let image = FittedImage.fake(.source, byteCount: 3)
        #expect(throws: ImageError.self) {
            try Publisher(temporaries: TemporaryFiles()).publish(
                PublishedContent(image, source: source), to: path("out.jpg"), replacing: false)
        }
        #expect(folder.files() == ["in.jpg"])
    }

    @Test("A hurried exit removes the temporaries that are known, and a finished file is not one")
    func hurriedExit() throws {
        let temporaries = TemporaryFiles()
        try folder.write([1], to: ".snug-x")
        temporaries.remember(path(".snug-x"))
        _ = try Publisher(temporaries: temporaries).publish(
            PublishedContent(bytes: [1]), to: path("a"), replacing: false)
        temporaries.removeAll()
        #expect(folder.files() == ["a"])
    }

    @Test("A replaced file keeps its permissions")
    func keepsPermissions() throws {
        _ = try Publisher(temporaries: TemporaryFiles()).publish(
            PublishedContent(bytes: [1]), to: path("a"), replacing: true, mode: 0o604)
        #expect(try FileIdentity(of: path("a"), followsLinks: false).mode == 0o604)
    }
}
