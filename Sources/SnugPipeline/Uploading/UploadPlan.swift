// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugSystem
public import SnugUpload
import SystemPackage

/// The files of a run and the names that they get at the server, settled before the first byte is sent.
struct UploadPlan: Sendable {
    /// One file.
    struct Item: Sendable {
        /// The file as it was named or found.
        var file: FilePath
        /// Its place below the destination.
        var name: FilePath
        /// Named by the caller rather than found in a folder: then it is sent whatever was sent before, and has to be an image
        /// when images are fitted.
        var isNamed: Bool
        var followsLinks: Bool
        /// Its places when it is fitted, by format.
        var fittedNames: OutputNames?
    }
    private(set) var items: [Item] = []
    private(set) var skipped: [(file: FilePath, reason: UploadSkipReason)] = []
    private(set) var failures: [(file: FilePath, error: UploadError)] = []

    /// Walks the folders of a request. Blocks.
    /// - Throws: ``UploadError`` with `invalid_target` when two files would get one name; `CancellationError`.
    init(_ request: UploadRequest, uploadProtocol: UploadProtocol) throws {
        let walk = InputWalk(isRecursive: request.isRecursive, readsStream: request.standardInput != nil)
        let found = try walk.files(for: request.files, isCancelled: { Task.isCancelled })
        items = found.files.map { file in
            Item(
                file: file.path, name: file.origin == .standardInput ? FilePath() : file.relative,
                isNamed: file.isNamed,
                followsLinks: file.followsLinks)
        }
        for (file, reason) in found.skipped { skipped.append((file, UploadSkipReason(reason))) }
        for (file, error) in found.failures {
            failures.append(
                (
                    file,
                    UploadError(.sourceFailed, error.message, resumption: .startOver)
                ))
        }
        try checkNames(request, uploadProtocol)
        guard let fitting = request.fitting else { return }
        let names = OutputNaming.names(for: items.map(\.name), formats: fitting.formats)
        for (index, name) in zip(items.indices, names) { items[index].fittedNames = name }
    }

    private func checkNames(_ request: UploadRequest, _ uploadProtocol: UploadProtocol) throws(UploadError) {
        // The others make a place of their own for each upload.
        guard [.s3, .put, .rangedPut].contains(uploadProtocol) else { return }
        let url = request.destination.url
        guard request.destination.isFolder(for: uploadProtocol) else {
            if items.count > 1 {
                throw UploadError(
                    .invalidTarget,
                    "\(items.count) files would all become \(url); end the address with '/' to send each under its name"
                )
            }
            if let item = items.first, !item.isNamed {
                throw UploadError(
                    .invalidTarget,
                    "\(url) is the address of one file; end it with '/' to send the files of a folder below it")
            }
            return
        }
        var taken: [FilePath: FilePath] = [:]
        for item in items {
            if let other = taken.updateValue(item.file, forKey: item.name) {
                throw UploadError(
                    .invalidTarget,
                    "\(PrintableName.of(other)) and \(PrintableName.of(item.file)) would both become "
                        + "\(PrintableName.of(item.name)) at the server; send them apart, or rename one")
            }
        }
    }
}

/// The reasons why a file is not sent.
public enum UploadSkipReason: Sendable, Hashable {
    /// The same content was sent there before, with this receipt.
    case alreadyUploaded(UploadReceipt)
    /// A file of a folder whose images are fitted.
    case notAnImage
    case empty
    case symbolicLink
    case notARegularFile

    init(_ reason: FitRecord.SkipReason) {
        switch reason {
        case .empty: self = .empty
        case .symbolicLink: self = .symbolicLink
        case .notAnImage, .outputExists: self = .notAnImage
        case .notARegularFile: self = .notARegularFile
        }
    }
}
