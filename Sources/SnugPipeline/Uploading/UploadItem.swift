// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugImage
import SnugSystem
public import SnugUpload
import SystemPackage

/// One file of a run.
struct UploadItem: Sendable {
    /// The file and its name at the server.
    var input: UploadInput
    /// The address that it is sent to, unless it is fitted.
    var url: HTTPURL
    /// The address, where it has a number that the file's name has not.
    var numberedURL: HTTPURL?
    /// Named by the caller rather than found in a folder: then it has to be an image when images are fitted.
    var isNamed: Bool
    /// Named by the caller, and nothing else is.
    var isAlone: Bool
    /// Its names when it is fitted, by format.
    var fittedNames: OutputNames?
}

/// The files of a run: those that are named, and those that its folders have.
struct UploadWalk: Sendable {
    private(set) var inputs: [(input: UploadInput, isNamed: Bool)] = []
    private(set) var skipped: [(file: FilePath, reason: UploadSkipReason)] = []
    private(set) var failures: [(file: FilePath, error: UploadError)] = []

    /// Walks the folders of a request. Blocks.
    /// - Throws: `CancellationError`.
    init(_ request: UploadRequest) throws {
        // A file that is named twice is one.
        var seen: Set<UploadInput> = []
        let named = request.inputs.filter { seen.insert($0).inserted }
        let folders = named.map(\.file).filter { !$0.isDash && FileSystem.isFolder($0) }
        guard !folders.isEmpty else {
            inputs = named.map { ($0, true) }
            return
        }
        inputs = named.filter { !folders.contains($0.file) }.map { ($0, true) }
        let found = try InputWalk(isRecursive: request.isRecursive)
            .files(for: folders, isCancelled: { Task.isCancelled })
        inputs += found.files.map { (UploadInput($0.path, name: $0.relative), false) }
        skipped = found.skipped.map { ($0.path, UploadSkipReason($0.reason)) }
        failures = found.failures.map { file, error in
            (file, UploadError(.sourceFailed, error.message, resumption: .startOver))
        }
    }

    /// Gives every file its address.
    /// - Throws: `name_collision`; `invalid_target`.
    func items(_ request: UploadRequest, _ uploadProtocol: UploadProtocol) throws(UploadError) -> [UploadItem] {
        let destination = request.destination
        if inputs.contains(where: { !$0.isNamed }), UploadPlan.namesObjects(uploadProtocol),
            !destination.url.path.hasSuffix("/")
        {
            throw UploadError(
                .invalidTarget,
                "\(destination.url) is the address of one file; end it with '/' to send the files of a folder below it")
        }
        let plan = try UploadPlan.addresses(
            of: inputs.map(\.input), below: destination.url, uploadProtocol, ranged: destination.ranged,
            collisions: request.collisions)
        let namesObjects = UploadPlan.namesObjects(uploadProtocol)
        var items = try zip(plan, inputs).map { entry, input throws(UploadError) in
            let plain = try UploadPlan.address(of: entry.input.name, below: destination.url, uploadProtocol)
            return UploadItem(
                input: entry.input, url: entry.url, numberedURL: namesObjects && entry.url != plain ? entry.url : nil,
                isNamed: input.isNamed,
                isAlone: input.isNamed && request.inputs.count == 1)
        }
        guard let fitting = request.fitting else { return items }
        let names = OutputNaming.names(
            for: inputs.map(\.input.name), formats: fitting.policy.format.possible(under: fitting.limits))
        for (index, name) in names.enumerated() { items[index].fittedNames = name }
        return items
    }
}

/// The reasons why a file is not sent.
public enum UploadSkipReason: Sendable, Hashable {
    /// Equal content was sent there before, with this receipt.
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
        case .notAnImage, .outputExists, .done: self = .notAnImage
        case .notARegularFile: self = .notARegularFile
        }
    }
}
