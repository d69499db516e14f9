// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugSystem
import SnugUpload
import SystemPackage

/// The bytes to send, and where to.
struct UploadContent: Sendable {
    var path: FilePath
    var url: HTTPURL
    /// The name that a server is told that asks for one; `nil` for the file's own.
    var toldName: String?
    /// The name that its upload is recorded under; `nil` for its path.
    var recordName: FilePath?
    /// True for a file of ours, which is removed once it is sent.
    var isOurs = false

    /// Names the copy of standard input, whose path is another one in each run.
    mutating func take(_ spooled: SpooledInput?, named name: FilePath) {
        guard let spooled else { return }
        recordName = spooled.recordName
        toldName = toldName ?? name.string
    }
}

extension FileJob {
    /// The bytes to send, fitted where that was asked for; `nil` for a file of a folder that is no image.
    func content(of item: UploadItem, _ file: FilePath, _ key: String?) async throws -> UploadContent? {
        guard let fitting = request.fitting, let names = item.fittedNames, let key else {
            return UploadContent(path: file, url: item.url, toldName: item.isNamed ? nil : told(item.input.name))
        }
        func content(_ path: FilePath, _ format: ImageFormat, isOurs: Bool) throws -> UploadContent {
            let name = names.name(for: format) ?? item.input.name
            let url = try UploadPlan.address(of: name, below: request.destination.url, uploadProtocol)
            return UploadContent(path: path, url: url, toldName: told(name), isOurs: isOurs)
        }
        if let (path, format) = try await threads.run({ fitting.existing(key) }) {
            return try content(path, format, isOurs: true)
        }
        let (source, image): (ImageSource, FittedImage)
        do {
            source = try await threads.run { try ImageSource(file: file, followsLinks: item.isNamed) }
            image = try await fitter.fit(source, limits: fitting.limits, policy: fitting.policy)
        } catch let error as ImageError where !item.isNamed && [.notAnImage, .emptyInput].contains(error.code) {
            onEvent(.skipped(item.input.file, error.code == .emptyInput ? .empty : .notAnImage))
            return nil
        }
        var record = FitRecord(
            input: item.input.file, status: .copied, limitBytes: fitting.limits.fileByteLimit,
            inputBytes: source.byteCount)
        record.fill(image)
        onEvent(.fitted(item.input.file, record))
        guard image.status != .copied else { return try content(file, image.format, isOurs: false) }
        let path = fitting.path(key, image.format)
        try await threads.run {
            try FileSystem.makeFolders(fitting.workFolder, mode: 0o700)
            // Where another run was first, its bytes serve as well.
            _ = try OutputPublisher().publish(PublishedContent(image, source: source), to: path, replacing: false)
        }
        return try content(path, image.format, isOurs: true)
    }

    /// Uploads by tus have metadata for a path; a form has a name only.
    private func told(_ name: FilePath) -> String {
        let told = uploadProtocol == .tus ? name : name.lastComponent.map { FilePath($0) } ?? name
        return String(decoding: told.bytes, as: UTF8.self)
    }
}
