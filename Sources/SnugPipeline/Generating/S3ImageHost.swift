// SPDX-License-Identifier: Apache-2.0
public import SnugGeneration
public import SnugHTTP
package import SnugSystem
public import SnugUpload
import SystemPackage

/// Puts images into an S3 bucket, under the digest of their content, and returns addresses that anybody who has them can
/// fetch for a while.
public struct S3ImageHost: ImageHost {
    private let uploader: Uploader
    private let settings: S3Settings
    private let folder: HTTPURL
    private let temporaries: TemporaryFiles
    private let threads = BlockingThreads(count: 1)

    /// - Parameters:
    ///   - folder: The address of the bucket, or of a folder in it.
    ///   - settings: `S3Settings.presignedFor` is a day unless it is set.
    ///   - uploader: Sends the images.
    /// - Throws: `HTTPError` with `invalid_url`.
    public init(folder: HTTPURL, settings: S3Settings, uploader: Uploader) throws {
        try self.init(folder: folder, settings: settings, uploader: uploader, temporaries: TemporaryFiles())
    }

    /// A host whose temporary files are known to `temporaries`, for an exit in a hurry.
    package init(folder: HTTPURL, settings: S3Settings, uploader: Uploader, temporaries: TemporaryFiles) throws {
        self.uploader = uploader
        self.temporaries = temporaries
        var settings = settings
        settings.presignedFor = settings.presignedFor ?? .seconds(86_400)
        self.settings = settings
        self.folder = try HTTPURL(folder.text.hasSuffix("/") ? folder.text : folder.text + "/")
    }

    /// Uploads an image.
    /// - Throws: `GenerationError` with `image_failed`, `CancellationError`.
    public func host(_ image: FittedInput) async throws -> String {
        let digest = MessageDigest.sha256(image.bytes).hexadecimal
        let suffix = FilePath(image.name).extension.map { "." + $0 } ?? ""
        // An upload reads its file again after every fault.
        let folder = Machine.environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        let file = FilePath(folder).appending(TemporaryFiles.randomName() + suffix)
        temporaries.remember(file)
        let outcome: Result<String, any Error>
        do {
            outcome = .success(try await put(image, named: digest + suffix, through: file))
        } catch {
            outcome = .failure(error)
        }
        await threads.runUncancelled { FileSystem.removeIfThere(file) }
        temporaries.forget(file)
        return try outcome.get()
    }

    private func put(_ image: FittedInput, named name: String, through file: FilePath) async throws -> String {
        try await threads.run {
            let descriptor = try FileDescriptor.opening(
                file, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
            try descriptor.closeAfter { try descriptor.writeBytes(image.bytes) }
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
