// SPDX-License-Identifier: Apache-2.0
import SnugPipeline
import SnugSystem
import SnugUpload
import SystemPackage

/// The JSON line of one uploaded file: one shape for every ending.
enum UploadLine {
    /// - Parameters:
    ///   - status: `uploaded`, `skipped`, `failed` or `interrupted`.
    ///   - receipt: `nil` when there is none; its keys are null then.
    ///   - path: The file in which the receipt is kept.
    ///   - reason: Why a file is skipped.
    ///   - fit: How an image was fitted on its way.
    static func json(
        _ file: FilePath, _ status: String, _ receipt: UploadReceipt?, _ path: FilePath?, error: JSONValue?,
        reason: String? = nil, fit: FitRecord? = nil
    ) -> JSONValue {
        let bytes = file.bytes
        let isText = String(validating: bytes, as: UTF8.self) != nil
        return [
            "input": .text(isText ? file.string : PrintableName.of(bytes: bytes)),
            "input_hex": isText ? .null : .text(bytes.hexadecimal),
            "status": .text(status), "url": .optional(receipt?.url),
            "presigned_url": .optional(receipt?.presignedURL), "protocol": .optional(receipt?.uploadProtocol.rawValue),
            "bytes": .optional(receipt?.bytes), "sha256": .optional(receipt?.sha256), "etag": .optional(receipt?.etag),
            "confirmation": .optional(receipt?.confirmation.rawValue), "attempts": .optional(receipt?.attempts),
            "retries": .optional(receipt?.retries), "bytes_sent": .optional(receipt?.bytesSent),
            "seconds": .optional(receipt?.seconds), "resumed": receipt.map { .flag($0.resumed) } ?? .null,
            "answer": .optional(receipt?.response), "receipt": .optional(path?.string), "reason": .optional(reason),
            "fit": fit?.json ?? .null,
            "error": error ?? .null,
        ]
    }
}
