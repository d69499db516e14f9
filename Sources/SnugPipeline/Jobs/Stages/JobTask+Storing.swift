// SPDX-License-Identifier: Apache-2.0
import Logging
import SnugGeneration
import SnugLedger
import SnugSystem
import SystemPackage

/// The storage does not have a job's input: the host of its file brings it first.
struct InputNotStored: Error {}

extension JobTask {
    // MARK: Inputs

    /// Brings the input to the storage, from where other hosts get it.
    func settle() async throws -> Success {
        var payload = payload
        guard let storage = services.storage else {
            guard setup.configuration.role.isAlone else {
                throw StepFault(
                    .environmental, "storage_needed",
                    "a host that works on the job gets images from a storage, and this one has none; start it with the same "
                        + "--storage as the others", delay: .seconds(60))
            }
            return Success(outcome: .advanced(to: options.firstStep), payload: payload)
        }
        guard let digest = job.identity.contentHash, let path = try await ownInput() else {
            throw try await missingInput()
        }
        let byteCount = try await services.threads.run { try FileIdentity(of: path, followsLinks: false).byteCount }
        let object = StoredObject(digest: digest, byteCount: byteCount)
        try await storage.store(path, as: object)
        services.passed(.worked)
        payload.input = object
        return Success(outcome: .advanced(to: options.firstStep), payload: payload)
    }

    /// The input, fetched for this claim under the name that it has in its inbox.
    /// - Throws: ``InputNotStored``.
    func storedInput() async throws -> Input {
        guard let object = payload.input else { throw InputNotStored() }
        let original = original
        let path = files.folder(of: job.id).appending("input").appending(FilePath(bytes: original.name).components)
        guard try await fetch(object, to: path) else { throw InputNotStored() }
        return Input(path: path, original: original)
    }

    // MARK: What steps hand on

    /// Stores a file that this claim has made; without a storage, it stays on this host.
    func store(_ staged: JobPayload.StagedFile) async throws {
        try await services.storage?.store(files.path(of: staged, in: job.id), as: staged.object)
    }

    /// A file of an earlier step on this host: still here, or fetched; `nil` when it is gone.
    func local(_ staged: JobPayload.StagedFile) async throws -> FilePath? {
        let (files, id) = (files, job.id)
        let path = files.path(of: staged, in: id)
        if try await services.threads.run({ files.isThere(staged, in: id) }) { return path }
        return try await fetch(staged.object, to: path) ? path : nil
    }

    /// - Returns: False when there is no storage, or no such object.
    private func fetch(_ object: StoredObject, to path: FilePath) async throws -> Bool {
        guard let storage = services.storage else { return false }
        do {
            try await services.threads.run {
                try FileSystem.makeFolders(path.removingLastComponent(), mode: 0o700)
            }
            try await storage.fetch(object, to: path)
            return true
        } catch let error as StorageError where error.code == .missing {
            return false
        }
    }

    /// Stores results for the services of other hosts.
    func storeOutputs(_ outputs: [JobPayload.StagedFile]?) async throws {
        guard let storage = services.storage else { return }
        for output in outputs ?? [] {
            try await storage.store(FilePath(bytes: PathText.decode(output.path)), as: output.object)
        }
    }

    // MARK: Paid images

    /// Stores an image that was paid for, however long that takes: until then it is on this host only.
    func storeAtLast(_ image: JobPayload.StagedFile, _ path: FilePath) async throws {
        guard let storage = services.storage else { return }
        var delay = Duration.seconds(1)
        while true {
            do { return try await storage.store(path, as: image.object) } catch let error as StorageError
                where [.unavailable, .refused].contains(error.code)
            {
                services.logger.warning(
                    "a paid image cannot be stored yet", metadata: ["job": "\(job.id)", "reason": "\(error.message)"])
                try await Task.sleep(for: max(delay, error.retryAfter ?? .zero))
                delay = min(delay * 2, .seconds(30))
            }
        }
    }
}

extension JobPayload.StagedFile {
    /// The bytes as the storage has them.
    var object: StoredObject { StoredObject(digest: digest, byteCount: byteCount) }

    /// The path below its job's folder.
    var components: FilePath.ComponentView { FilePath(bytes: PathText.decode(path)).components }

    /// The file as it is fetched for a claim, when its own path is one of another host.
    func fetched(as index: Int) -> JobPayload.StagedFile {
        var file = self
        file.path = "outputs/\(index + 1).\(suffix)"
        return file
    }
}
