// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import HTTPTypes
import SnugHTTP
import SnugSystem
import SnugUpload
import SystemPackage

/// The checks of `snug upload --verify`.
struct ReceiptChecks {
    private let destination: UploadDestinationOptions
    private let json: Bool

    init(_ destination: UploadDestinationOptions, json: Bool) {
        self.destination = destination
        self.json = json
    }

    /// Checks every receipt, also after one that cannot be read.
    /// - Throws: `ExitCode` when an object is not there, has changed or cannot be checked.
    func run(_ paths: [FilePath], _ uploader: Uploader) async throws {
        let headers = try destination.headers()
        var isAllThere = true
        for path in paths {
            let (url, check) = try await check(path, headers, uploader)
            write(path, url, check)
            isAllThere = isAllThere && Self.isThere(check)
        }
        if json { try OutputStream.standardOutput.checkDelivered() }
        if !isAllThere { throw ExitCode(1) }
    }

    /// - Returns: The address of the object; `nil` where the receipt cannot be read.
    private func check(
        _ path: FilePath, _ headers: HTTPFields, _ uploader: Uploader
    ) async throws -> (url: String?, check: Uploader.Check) {
        let receipt: UploadReceipt
        do throws(UploadError) {
            receipt = try UploadReceipt(reading: path)
        } catch {
            return (nil, Uploader.Check(verification: .unavailable, reason: error.message))
        }
        let isS3 = receipt.uploadProtocol == .s3 && receipt.presignedURL == nil
        // Without keys the check says that it needs them.
        let settings = isS3 ? Result { try destination.s3Settings() } : nil
        do {
            return (receipt.url, try await uploader.verify(receipt, headers: headers, s3: try? settings?.get()))
        } catch let error as HTTPError {
            return (receipt.url, Uploader.Check(verification: .unavailable, reason: error.message))
        }
    }

    private func write(_ path: FilePath, _ url: String?, _ check: Uploader.Check) {
        let output = OutputStream.standardOutput
        let words = Remedy.named(check.reason, Remedy.requests)
        guard json else {
            let reason = Self.isThere(check) ? "" : "  (\(PrintableName.escaped(words)))"
            return output.writeLine("\(check.verification.rawValue)  \(url ?? PrintableName.of(path))\(reason)")
        }
        output.writeLine(
            ([
                "receipt": .text(PrintableName.of(path)), "url": .optional(url),
                "verification": .text(check.verification.rawValue), "reason": .text(words),
            ] as JSONValue).description)
    }

    private static func isThere(_ check: Uploader.Check) -> Bool {
        [.sameContent, .sameLength].contains(check.verification)
    }
}
