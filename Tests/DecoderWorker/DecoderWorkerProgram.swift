// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc
import SnugImage

/// A decoder process for tests. With `faults` as its argument it has one decoder, for JPEG XL, which does what the file's
/// text says: it crashes, hangs, takes memory, lies, or asks the system for what it must not have. Its fits do what is said
/// after the file's last `deed:`.
@main struct DecoderWorkerProgram {
    static func main() {
        DecoderWorker.serveIfRequested()
        guard CommandLine.arguments == [CommandLine.arguments[0], "faults"] else { exit(64) }
        let codecs = unsafe [
            snug_codec(
                format: snug_codec_format.jpegXL.rawValue, load: { unsafe faultyVersion },
                decode: { job in unsafe FaultyDecoder(job).run() }),
            snug_codec(
                format: UInt32(SNUG_WORKER_FIT), load: { unsafe faultyVersion },
                decode: { job in unsafe FaultyFit(job).run() }),
        ]
        exit(
            unsafe codecs.withUnsafeBufferPointer { codecs in
                guard let first = codecs.baseAddress else { return 64 }
                return unsafe snug_worker_serve(3, first, codecs.count)
            })
    }
}

/// Text that lives as long as the process.
nonisolated(unsafe) private let faultyVersion: UnsafePointer<CChar>? = unsafe UnsafePointer(strdup("0"))

/// Does what a file says.
@safe
private struct FaultyDecoder {
    private let job: UnsafeMutablePointer<snug_codec_job>

    init(_ job: UnsafeMutablePointer<snug_codec_job>) { unsafe self.job = job }

    private var text: String {
        unsafe String(
            decoding: UnsafeBufferPointer(start: job.pointee.file, count: Int(job.pointee.request.file_bytes)),
            as: UTF8.self)
    }

    /// - Returns: A status, or a number that is none.
    func run() -> UInt32 {
        switch text {
        case "crash": raise(SIGSEGV)
        case "abort": abort()
        case "leave": _exit(0)
        case "sleep": while true { sleep(1000) }
        case "spin": while true { unsafe job.pointee.layout.reserved &+= 1 }
        case "eat": return eat().rawValue
        case "socket": _ = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        case "fork": _ = fork()
        case "babble": babble()
        case "status": return 99
        default: break
        }
        return answer().rawValue
    }

    /// One gray row whose samples tell something.
    private func answer() -> snug_codec_status {
        guard unsafe snug_codec_set_layout(job, 1, 8) else { return .failed }
        let row = unsafe snug_codec_row(job, 0)
        let number: Int32 =
            switch text {
            case "open": errorOfOpening()
            case "program": errorOfRunnableMemory()
            case "fill": pageFaultsOfFilling(megabytes: 40)
            case "overfill": pageFaultsOfFilling(megabytes: 100)
            default: getpid()
            }
        for index in 0..<4 { unsafe row[index] = UInt8(truncatingIfNeeded: number >> (8 * Int32(index))) }
        switch text {
        case "wide": unsafe job.pointee.layout.width *= 2
        case "tall": unsafe job.pointee.layout.height = .max
        case "channels": unsafe job.pointee.layout.channels = 9
        case "alpha": unsafe job.pointee.layout.channels = 4
        case "bits": unsafe job.pointee.layout.bits = 32
        case "profile": unsafe job.pointee.layout.profile_bytes = .max
        default: break
        }
        return .ok
    }

    private func errorOfOpening() -> Int32 { unsafe open("/etc/hostname", O_RDONLY) < 0 ? errno : 0 }

    private func errorOfRunnableMemory() -> Int32 {
        let memory = unsafe mmap(nil, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        return unsafe memory == MAP_FAILED ? errno : 0
    }

    /// Takes memory from the heap, writes to it, gives it back, and counts the pages that the kernel had to find for that.
    private func pageFaultsOfFilling(megabytes: Int) -> Int32 {
        let before = pageFaults
        let parts = unsafe (0..<megabytes).map { _ in unsafe malloc(1 << 20) }
        unsafe parts.forEach { part in unsafe part?.initializeMemory(as: UInt8.self, repeating: 1, count: 1 << 20) }
        unsafe parts.forEach { part in unsafe free(part) }
        return pageFaults - before
    }

    private var pageFaults: Int32 {
        var usage = rusage()
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int32(truncatingIfNeeded: usage.ru_minflt)
    }

    /// Takes memory until there is none, 16 GiB at most.
    private func eat() -> snug_codec_status {
        for _ in 0..<256 {
            let part = unsafe mmap(nil, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            if unsafe part == MAP_FAILED { return .outOfMemory }
        }
        return .corrupt
    }

    /// Says something to the parent that is no response.
    private func babble() {
        var byte: UInt8 = 1
        unsafe withUnsafeMutableBytes(of: &byte) { bytes in
            var part = unsafe iovec(iov_base: bytes.baseAddress, iov_len: 1)
            unsafe withUnsafeMutablePointer(to: &part) { part in
                var message = unsafe msghdr()
                unsafe message.msg_iov = part
                unsafe message.msg_iovlen = 1
                _ = unsafe sendmsg(3, &message, 0)
            }
        }
    }
}
