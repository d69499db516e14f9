// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// Tries out a storage with an object of its own, which it removes again.
package struct StorageProbe: Sendable {
    /// A step of the trial.
    package enum Step: String, Sendable, CaseIterable {
        case list, put, get, delete
        /// The age that the storage tells for the new object.
        case clock
    }

    /// The outcome of a step.
    package struct Finding: Sendable, Hashable {
        package var step: Step
        /// `nil` where all is well.
        package var fault: StorageError?
    }

    /// An object that is older than this right after it was stored has another clock's time.
    private static let tolerance = Duration.seconds(600)
    private static let byteCount = 1000

    private let storage: any ByteStorage
    private let folder: FilePath
    private let threads = BlockingThreads(count: 1)

    /// - Parameter folder: Holds two small files meanwhile.
    package init(_ storage: any ByteStorage, folder: FilePath) {
        self.storage = storage
        self.folder = folder
    }

    /// Tries each step that the ones before allow.
    /// - Throws: `CancellationError`.
    package func run() async throws -> [Finding] {
        var findings = [try await finding(.list) { _ = try await storage.objects(after: nil) }]
        let file = folder.appending(TemporaryFiles.randomName())
        let copy = folder.appending(TemporaryFiles.randomName())
        let bytes = (0..<Self.byteCount).map { _ in UInt8.random(in: 0...255) }
        let object = StoredObject(digest: MessageDigest.sha256(bytes).hexadecimal, byteCount: bytes.count)
        do {
            let put = try await finding(.put) {
                try await write(bytes, to: file)
                try await storage.store(file, as: object)
            }
            findings.append(put)
            if put.fault == nil {
                findings.append(try await finding(.get) { try await storage.fetch(object, to: copy) })
                findings.append(try await finding(.clock) { try await checkAge(of: object) })
                findings.append(try await finding(.delete) { try await remove(object) })
            }
        } catch {
            await clean([file, copy])
            throw error
        }
        await clean([file, copy])
        return findings
    }

    private func finding(_ step: Step, _ work: () async throws -> Void) async throws -> Finding {
        do {
            try await work()
            return Finding(step: step, fault: nil)
        } catch let error as StorageError {
            return Finding(step: step, fault: error)
        }
    }

    private func write(_ bytes: [UInt8], to file: FilePath) async throws {
        do {
            try await threads.run { try FilePublisher.replace(file, with: bytes) }
        } catch let failure as SystemFailure {
            throw StorageError(.ioFailed, "\(failure); \(failure.remedy)")
        }
    }

    private func checkAge(of object: StoredObject) async throws {
        guard let age = try await storage.age(of: object.digest) else {
            throw StorageError(
                .missing,
                "an object is not there right after it was stored; use a storage that shows new objects at once")
        }
        guard age <= Self.tolerance else {
            throw StorageError(
                .refused,
                "a new object counts as \(DurationText.exact(age)) old; set the clocks of the storage's servers, or "
                    + "sweeps take new objects for old ones")
        }
    }

    private func remove(_ object: StoredObject) async throws {
        try await storage.remove(object.digest)
        guard try await storage.age(of: object.digest) == nil else {
            throw StorageError(
                .refused, "an object is still there after it was removed; use a storage that forgets it at once")
        }
    }

    private func clean(_ files: [FilePath]) async {
        await threads.runUncancelled { for file in files { FileSystem.removeIfThere(file) } }
    }
}
