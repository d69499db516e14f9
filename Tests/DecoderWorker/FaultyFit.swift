// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Glibc

/// A fit that does what its file says after the last `deed:`.
@safe
struct FaultyFit {
    private let job: UnsafeMutablePointer<snug_codec_job>

    init(_ job: UnsafeMutablePointer<snug_codec_job>) { unsafe self.job = job }

    private var file: [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: job.pointee.file, count: Int(job.pointee.request.file_bytes)))
    }

    /// - Returns: A status, or a number that is none.
    func run() -> UInt32 {
        let file = file
        let text = String(decoding: file.suffix(40), as: UTF8.self)
        let deed = text.split(separator: "deed:").last.map(String.init) ?? ""
        misbehave(deed)
        var fields = Fields(byteCount: file.count)
        var content: [UInt8] = []
        switch deed {
        case "open": fields.warning = "\(unsafe open("/etc/hostname", O_RDONLY) < 0 ? errno : 0)"
        case "length": fields.byteCount += 1
        case "negative": fields.byteCount = -1
        case "format": fields.format = "jpeg"
        case "status": fields.status = "finished"
        case "controls": fields.warning = "\\u001b[31mred\\u0007"
        case "not an image": (fields.isSource, content) = (false, Array(repeating: 7, count: file.count))
        case "sides": (fields.isSource, fields.width, content) = (false, 999, file)
        case "vast": (fields.isSource, fields.byteCount) = (false, 1 << 60)
        case "other": (fields.isSource, content) = (false, file)
        default: break
        }
        unsafe UnsafeMutableRawBufferPointer(start: job.pointee.pixels, count: content.count).copyBytes(from: content)
        switch deed {
        case "words": reply("{\"image\":")
        case "code":
            reply(
                #"{"failure":{"_0":{"code":"no_such_code","message":"x","integers":{},"numbers":{},"texts":{},"settings":[]}}}"#
            )
        case "silence": break
        default: reply(fields.json)
        }
        if deed == "long" { unsafe job.pointee.layout.profile_bytes = .max }
        return deed == "failed" ? snug_codec_status.failed.rawValue : snug_codec_status.ok.rawValue
    }

    private func misbehave(_ deed: String) {
        switch deed {
        case "crash": raise(SIGSEGV)
        case "killed": raise(SIGKILL)
        case "leave": _exit(0)
        case "sleep": while true { sleep(1000) }
        case "spin": while true { unsafe job.pointee.layout.reserved &+= 1 }
        case "socket": _ = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        case "fork": _ = fork()
        case "eat": eat()
        default: break
        }
    }

    /// Takes memory until there is none, 64 GiB at most, and ends as programs do that get none.
    private func eat() {
        for _ in 0..<1024 {
            let part = unsafe mmap(nil, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
            if unsafe part == MAP_FAILED { abort() }
        }
    }

    private func reply(_ text: String) {
        let bytes = Array(text.utf8)
        unsafe snug_codec_set_profile(job, bytes, bytes.count)
    }

    /// The words about a fit.
    private struct Fields {
        var byteCount: Int
        var status = "copied"
        var isSource = true
        var format = "png"
        var width = 4
        var warning = "\(getpid())"

        var json: String {
            #"{"image":{"_0":{"status":"\#(status)","isSource":\#(isSource),"byteCount":\#(byteCount),"format":"\#(format)","#
                + #""width":\#(width),"height":3,"scale":1,"encodes":0,"warnings":["\#(warning)"]}}}"#
        }
    }
}
