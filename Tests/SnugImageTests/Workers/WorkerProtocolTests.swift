// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc
import SnugSystem
import SystemPackage
import Testing

@testable import SnugImage

/// The calls between parent and worker, with this process at both ends of the socket.
@Suite struct WorkerProtocolTests {
    /// Two ends of a socket like a worker's, and whatever else is to be closed.
    private final class Ends {
        private(set) var descriptors: [Int32]
        var parent: Int32 { descriptors[0] }
        var worker: Int32 { descriptors[1] }

        init() throws {
            var pair: [Int32] = [-1, -1]
            let kind = Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            try #require(unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0)
            descriptors = pair
        }

        func closeWorker() {
            close(descriptors[1])
            descriptors[1] = -1
        }
        func adopt(_ descriptor: Int32) -> Int32 {
            descriptors.append(descriptor)
            return descriptor
        }
        deinit { for descriptor in descriptors where descriptor >= 0 { close(descriptor) } }
    }

    private func send(_ bytes: [UInt8], on socket: Int32) {
        #expect(unsafe Glibc.send(socket, bytes, bytes.count, 0) == bytes.count)
    }

    private func wait(_ socket: Int32, count: Int, milliseconds: Int32 = 2_000) -> (result: Int32, bytes: [UInt8]) {
        var bytes = [UInt8](repeating: 0xAA, count: count)
        let result = unsafe snug_worker_wait(socket, &bytes, count, milliseconds)
        return (result, bytes)
    }

    @Test("A message of the right length is taken, and one after the other")
    func messages() throws {
        let ends = try Ends()
        send([1, 2, 3, 4], on: ends.worker)
        send([5, 6, 7, 8], on: ends.worker)
        #expect(wait(ends.parent, count: 4) == (1, [1, 2, 3, 4]))
        #expect(wait(ends.parent, count: 4) == (1, [5, 6, 7, 8]))
        #expect(wait(ends.parent, count: 4, milliseconds: 0).result == 0)
    }

    @Test("A message of another length is nonsense, and the one after it is whole", arguments: [1, 3, 5, 4_000])
    func otherLengths(count: Int) throws {
        let ends = try Ends()
        send([UInt8](repeating: 9, count: count), on: ends.worker)
        send([5, 6, 7, 8], on: ends.worker)
        #expect(wait(ends.parent, count: 4).result == -2)
        #expect(wait(ends.parent, count: 4) == (1, [5, 6, 7, 8]))
    }

    @Test("A worker that is gone is told from one that is silent")
    func gone() throws {
        let ends = try Ends()
        #expect(wait(ends.parent, count: 4, milliseconds: 0).result == 0)
        ends.closeWorker()
        #expect(wait(ends.parent, count: 4).result == -1)
        var request = snug_codec_request()
        #expect(unsafe snug_worker_ask(ends.parent, &request, 0, 0) == EPIPE)
    }

    @Test("Descriptors that a worker sends never arrive")
    func smuggled() throws {
        let ends = try Ends()
        // A request carries two of them, and is a message like any other for the one who waits.
        let memory = ends.adopt(snug_shared_memory(4_096))
        /// Open descriptors of the same memory.
        func count() -> Int {
            var wanted = stat()
            _ = unsafe fstat(memory, &wanted)
            // All of them: other tests hold thousands.
            let open = (try? FolderListing.names(in: "/proc/self/fd")) ?? []
            return open.compactMap { Int32(String(decoding: $0, as: UTF8.self)) }.filter { descriptor in
                var found = stat()
                guard unsafe fstat(descriptor, &found) == 0 else { return false }
                return found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev
            }.count
        }
        var request = snug_codec_request()
        request.width = 77
        #expect(unsafe snug_worker_ask(ends.worker, &request, memory, memory) == 0)
        var received = snug_codec_request()
        let result = unsafe snug_worker_wait(ends.parent, &received, MemoryLayout<snug_codec_request>.size, 2_000)
        #expect(result == 1 && received.width == 77)
        #expect(count() == 1)
    }

    @Test("A worker that takes no requests costs no time: the request is refused")
    func fullSocket() throws {
        let ends = try Ends()
        let memory = ends.adopt(snug_shared_memory(4_096))
        var request = snug_codec_request()
        var result: Int32 = 0
        for _ in 0..<100_000 where result == 0 {
            result = unsafe snug_worker_ask(ends.parent, &request, memory, memory)
        }
        #expect(result == EAGAIN || result == ETOOMANYREFS)
    }

    @Test("Shared memory keeps its length, and a file's copy keeps its bytes too")
    func seals() throws {
        let ends = try Ends()
        let pixels = ends.adopt(snug_shared_memory(8_192))
        /// The reason why a call fails; 0 where it does not.
        func reason(_ call: () -> Int) -> Int32 { call() == -1 ? errno : 0 }
        #expect(pixels >= 0 && reason { Int(ftruncate(pixels, 4_096)) } == EPERM)
        #expect(reason { Int(ftruncate(pixels, 16_384)) } == EPERM)
        #expect(unsafe pwrite(pixels, [1], 1, 0) == 1)
        let bytes: [UInt8] = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let copy = ends.adopt(unsafe snug_sealed_copy(bytes, UInt64(bytes.count)))
        #expect(reason { unsafe pwrite(copy, [1], 1, 0) } == EPERM)
        #expect(reason { Int(ftruncate(copy, 0)) } == EPERM)
        var read = [UInt8](repeating: 0, count: bytes.count + 1)
        #expect(unsafe pread(copy, &read, read.count, 0) == bytes.count)
        #expect(Array(read.dropLast()) == bytes)
    }

    @Test("Pixels are copied out of what another writes, from any place to the end")
    func pixels() throws {
        let pixels = try SharedPixels(byteCount: 70_000)
        let bytes: [UInt8] = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 * 31) }
        #expect(unsafe pwrite(pixels.descriptor, bytes, bytes.count, 0) == bytes.count)
        for (offset, count) in [(0, 1), (4_095, 2), (69_990, 10), (70_000, 0)] {
            var row = [UInt8](repeating: 0, count: count)
            var span = row.mutableSpan
            pixels.copy(from: offset, into: &span)
            #expect(row == Array(bytes[offset..<offset + count]))
        }
    }

    @Test("More shared memory than there can be is an error about memory")
    func tooMuch() {
        let error = #expect(throws: ImageError.self) { try SharedPixels(byteCount: .max) }
        #expect(error?.code == .memoryExceeded)
    }

    @Test("Versions and messages end, whatever a worker wrote there")
    func texts() throws {
        var greeting = snug_worker_greeting()
        unsafe withUnsafeMutableBytes(of: &greeting) { bytes in
            for index in bytes.indices { unsafe bytes[index] = 0x41 }
        }
        var format: UInt32 = 0
        for index in -1...Int32(SNUG_WORKER_CODECS) {
            let text = unsafe snug_worker_version(&greeting, index, &format).map { unsafe strlen($0) }
            #expect(text == ((0..<Int32(SNUG_WORKER_CODECS)).contains(index) ? Int(SNUG_WORKER_VERSION_SIZE) - 1 : nil))
        }
        #expect(format == 0x4141_4141)
        greeting.formats.2 = 0
        #expect(unsafe snug_worker_version(&greeting, 2, &format) == nil)
        var response = snug_codec_response()
        unsafe withUnsafeMutableBytes(of: &response) { bytes in
            for index in bytes.indices { unsafe bytes[index] = 0x41 }
        }
        #expect(unsafe strlen(snug_worker_message(&response)) == Int(SNUG_CODEC_MESSAGE_SIZE) - 1)
    }

    @Test("A library without one of the functions that are asked for is not opened")
    func libraries() {
        let functions = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: 2)
        unsafe functions.initialize(repeating: nil, count: 2)
        defer { unsafe functions.deallocate() }
        func open(_ file: String, _ names: [String]) -> Bool {
            let texts = unsafe names.map { unsafe strdup($0) }
            defer { unsafe texts.forEach { unsafe free($0) } }
            let symbols = unsafe texts.indices.compactMap { index in
                unsafe texts[index].map { unsafe snug_symbol(name: $0, pointer: functions + index) }
            }
            return unsafe snug_library_open(file, symbols, symbols.count) != nil
        }
        #expect(open("libc.so.6", ["strlen", "strdup"]))
        #expect(unsafe functions[0] != nil && functions[1] != nil && functions[0] != functions[1])
        #expect(!open("libc.so.6", ["strlen", "no_such_function"]))
        #expect(!open("no-such-library.so", ["strlen"]))
    }

    @Test("The parts of a sandbox that are missing are named, each of them")
    func missingParts() {
        #expect(SandboxReport.missing(UInt32(SNUG_SANDBOX_COMPLETE)).isEmpty)
        #expect(SandboxReport.missing(0).split(separator: ",").count == 4)
        #expect(
            SandboxReport.missing(UInt32(SNUG_SANDBOX_COMPLETE & ~SNUG_SANDBOX_SYSTEM_CALL_FILTER))
                == "no system call filter")
    }
}
