// SPDX-License-Identifier: Apache-2.0
import Crypto
import SnugGeneration
import SnugHTTP
import SnugUpload
import SystemPackage

/// Puts images into a bucket, under the digest of their content, and hands out addresses that work for a day.
struct S3ImageHost: ImageHost {
    private let uploader: Uploader
    private let settings: S3Settings
    private let folder: HTTPURL
    private let temporaries: TemporaryFiles
    private let threads: BlockingThreads

    /// - Parameter address: `s3://bucket/folder`, or the bucket's https address.
    /// - Throws: `invalid_target` without keys in the environment, `invalid_url`.
    init(_ address: String, uploader: Uploader, temporaries: TemporaryFiles) throws {
        self.uploader = uploader
        self.temporaries = temporaries
        threads = try BlockingThreads(count: 1)
        guard let id = Terminal.environment("AWS_ACCESS_KEY_ID"),
            let secret = Terminal.environment("AWS_SECRET_ACCESS_KEY"), !id.isEmpty, !secret.isEmpty
        else {
            throw UploadError(.invalidTarget, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for the bucket")
        }
        let region = Terminal.environment("AWS_REGION") ?? Terminal.environment("AWS_DEFAULT_REGION") ?? "us-east-1"
        settings = S3Settings(
            accessKeyID: id, secretKey: Secret(secret),
            sessionToken: Terminal.environment("AWS_SESSION_TOKEN").map { Secret($0) }, region: region,
            presignedFor: .seconds(86_400))
        let text = try Self.address(address, region: region)
        folder = try HTTPURL(text.hasSuffix("/") ? text : text + "/")
    }

    private static func address(_ text: String, region: String) throws -> String {
        guard text.lowercased().hasPrefix("s3://") else { return text }
        let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1)
        guard let bucket = parts.first else { throw UploadError(.invalidTarget, "'\(text)' names no bucket") }
        let rest = parts.dropFirst().first.map { "/" + $0 } ?? ""
        if let endpoint = Terminal.environment("AWS_ENDPOINT_URL_S3") ?? Terminal.environment("AWS_ENDPOINT_URL") {
            return (endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint) + "/\(bucket)\(rest)"
        }
        return "https://\(bucket).s3.\(region).amazonaws.com\(rest)"
    }

    func host(_ image: FittedInput) async throws -> String {
        let digest = Hex.text(of: Array(SHA256.hash(data: image.bytes)))
        let suffix = FilePath(image.name).extension.map { "." + $0 } ?? ""
        // An upload reads its file again after every fault.
        let folder = Terminal.environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        let file = FilePath(folder).appending(TemporaryFiles.randomName() + suffix)
        temporaries.remember(file)
        let outcome: Result<String, any Error>
        do {
            outcome = .success(try await put(image, named: digest + suffix, through: file))
        } catch {
            outcome = .failure(error)
        }
        try await threads.run { _ in TemporaryFiles.remove(file) }
        temporaries.forget(file)
        return try outcome.get()
    }

    private func put(_ image: FittedInput, named name: String, through file: FilePath) async throws -> String {
        try await threads.run { _ in
            let descriptor = try FileDescriptor.open(
                file, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: .ownerReadWrite)
            _ = try descriptor.closeAfter { try descriptor.writeAll(image.bytes) }
        }
        let target = UploadTarget(
            try folder.resolving(folder.path + name), .s3, contentType: image.mediaType, s3: settings)
        var options = SnugUpload.UploadOptions()
        options.resumes = false
        do {
            let receipt = try await uploader.upload(file, to: target, options: options)
            return receipt.presignedURL ?? receipt.url
        } catch let error as UploadError {
            throw GenerationError(
                .imageFailed, "\(image.name) could not be put into the bucket: \(error.message)", cause: error)
        }
    }
}
