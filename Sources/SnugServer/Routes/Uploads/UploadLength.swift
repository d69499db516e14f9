// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugImage
import SnugSystem

/// The fields `Upload-Length` and `Upload-Defer-Length` (tus 1.0.0, extensions Creation and Creation Defer Length).
enum UploadLength {
    /// The length of a new upload; `nil` where the client tells it with a later part.
    /// - Throws: `invalid_parameter`, `body_too_large`.
    static func ofNew(_ fields: HTTPFields, maximum: Int) throws(ServiceError) -> Int? {
        let later = fields[.uploadDeferLength]
        if let text = fields[.uploadLength] {
            guard later == nil else {
                throw .invalidParameter("Upload-Defer-Length", "comes with an Upload-Length; send one of them")
            }
            return try number(text, maximum: maximum)
        }
        guard let later else {
            throw .invalidParameter(
                "Upload-Length",
                "is missing; tell the file's length, or 'Upload-Defer-Length: 1' to tell it with a later part")
        }
        guard later == "1" else { throw .invalidParameter("Upload-Defer-Length", "takes 1 and nothing else") }
        return nil
    }

    /// The length of an upload, with what the request of a part tells of it.
    /// - Throws: `invalid_parameter`, `body_too_large`.
    static func of(_ upload: ReceivedUpload, _ fields: HTTPFields, maximum: Int) throws(ServiceError) -> Int? {
        guard let text = fields[.uploadLength] else { return upload.length }
        let length = try number(text, maximum: maximum)
        if let known = upload.length, known != length {
            throw .invalidParameter("Upload-Length", "is \(known) for this upload, and does not change")
        }
        guard length >= upload.offset else {
            throw .invalidParameter("Upload-Length", "is less than the \(upload.offset) bytes that are there already")
        }
        return length
    }

    private static func number(_ text: String, maximum: Int) throws(ServiceError) -> Int {
        guard let length = Int(text), length > 0 else {
            throw .invalidParameter("Upload-Length", "is no number of bytes above 0; tell the file's length")
        }
        guard length <= maximum else {
            throw ServiceError(
                .contentTooLarge, "body_too_large",
                "the file has \(length) bytes and this server takes \(maximum) (\(ByteCount(maximum))); send a smaller "
                    + "file, or raise --max-upload",
                details: ["limit_bytes": .integer(maximum), "body_bytes": .integer(length)])
        }
        return length
    }
}

extension HTTPField.Name {
    static let uploadLength = known("Upload-Length")
    static let uploadDeferLength = known("Upload-Defer-Length")
    static let uploadOffset = known("Upload-Offset")
}
