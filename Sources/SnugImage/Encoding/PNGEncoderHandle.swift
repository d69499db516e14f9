// SPDX-License-Identifier: Apache-2.0
import CPNG

/// Owns a libpng writer; frees it and its output when it goes out of scope.
@safe
struct PNGEncoderHandle: ~Copyable {
    let pointer: OpaquePointer

    init() throws(ImageError) {
        guard let created = unsafe snug_png_encoder_create() else {
            throw ImageError(.memoryExceeded, "no memory for a PNG encoder; run fewer jobs at once")
        }
        unsafe pointer = created
    }

    deinit { unsafe snug_png_encoder_free(pointer) }

    /// Turns a status into an error.
    /// - Returns: False when the output is over its limit.
    func check(_ status: snug_png_status) throws(ImageError) -> Bool {
        switch status {
        case .ok: return true
        case .overLimit: return false
        case .outOfMemory: throw ImageError(.memoryExceeded, "no memory for the PNG; run fewer jobs at once")
        case .codecError:
            let message = unsafe String(cString: snug_png_encoder_message(pointer))
            throw ImageError(.codecFailed, "libpng cannot write the image: \(message)")
        }
    }

    func write(_ data: [UInt8], as name: StaticString) throws(ImageError) -> Bool {
        let status = name.withUTF8Buffer { letters -> snug_png_status in
            guard let start = letters.baseAddress else { return .codecError }
            return unsafe start.withMemoryRebound(to: CChar.self, capacity: letters.count) { name in
                unsafe snug_png_encoder_write_chunk(pointer, name, data, data.count)
            }
        }
        return try check(status)
    }

    func takeBytes() -> [UInt8] {
        let count = unsafe snug_png_encoder_byte_count(pointer)
        return unsafe Array(UnsafeBufferPointer(start: snug_png_encoder_bytes(pointer), count: count))
    }
}
