// SPDX-License-Identifier: Apache-2.0
package import SnugLedger
import SnugSystem
import Synchronization
import SystemPackage

extension Daemon {
    /// Puts images in, all or none: they are on the disk and in the ledger when this returns.
    ///
    /// They go through the same stages as files of watched folders.
    /// - Returns: One job for each, in the same order. Equal work is one job.
    /// - Throws: `not_running` before the daemon has begun and once it stops, `io_failed`; what the ledger throws;
    ///   `CancellationError`.
    package func submit(_ images: [Submission]) async throws -> [EnqueuedJob] {
        guard state.withLock({ $0.phase == .running }) else {
            throw DaemonError(.notRunning, "the daemon takes no jobs now; try again in a moment")
        }
        let directory = initial.stateDirectory
        let reserve = services.reserve
        if let reason = await services.threads.runUncancelled({ reserve.shortage(in: [directory]) }) {
            throw DaemonError(.ioFailed, reason.message)
        }
        var prepared: [FileTaker.Prepared] = []
        do {
            for image in images { prepared.append(try await prepare(image)) }
            try Task.checkCancellation()
            return try await taker(for: SubmissionFolder.settings(in: directory, initial.role)).putIn(prepared)
        } catch {
            let files = prepared.map(\.file)
            await services.threads.runUncancelled { for file in files { Self.remove(file) } }
            throw error
        }
    }

    /// The folders of the configuration, whose pipelines a submission may name.
    package var configuredFolders: [WatchFolder] {
        setup.configuration.folders.map { folder in
            var folder = folder
            // A submission names it as the configuration does, without the host.
            folder.name = initial.role.localName(of: folder.name)
            return folder
        }
    }

    /// Checks the options of an image, before it is put in.
    /// - Throws: `invalid_sidecar`, naming the option and its fault.
    package func check(_ image: Submission) throws(WatchError) {
        let options = try image.options(
            image.folder(in: initial.stateDirectory, initial.role), accounts: setup.configuration.accounts)
        try options.checkComplete()
    }

    private func taker(for folder: WatchFolder, _ options: JobOptions? = nil) -> FileTaker {
        let context = FolderContext(
            folder, stateDirectory: initial.stateDirectory, role: initial.role, options: options)
        return taker(for: context, known: known(context))
    }

    /// Puts an image into the work folder, with its content's digest and its options.
    private func prepare(_ image: Submission) async throws -> FileTaker.Prepared {
        let folder = image.folder(in: initial.stateDirectory, initial.role)
        let taker = taker(for: folder, try image.options(folder, accounts: setup.configuration.accounts))
        return try await services.threads.run {
            let id = IntakeID.random()
            let (work, original) = (try taker.context.work(), image.place(id))
            let path = original.path(below: work.path.appending(id.text))
            let file = TakenFile(id: id, original: original, path: path, isMoved: true)
            do {
                try Self.write(image.content, to: path)
                let version = FileVersion(try FileIdentity(of: path, followsLinks: false))
                guard var prepared = try taker.prepared(file, version) else {
                    throw DaemonError(.ioFailed, "\(PrintableName.of(path)) changed while it was read; send it again")
                }
                // For people: its place is told by the source.
                prepared.job.name = PathText.encode(original.name)
                return prepared
            } catch {
                Self.remove(file)
                switch error {
                case let error as SystemFailure: throw DaemonError(.ioFailed, error.description)
                case let error as WatchError: throw DaemonError(.ioFailed, error.message)
                case let error as Errno:
                    throw DaemonError(.ioFailed, "\(PrintableName.of(path)) cannot be written: \(error)")
                default: throw error
                }
            }
        }
    }

    private static func write(_ content: Submission.Content, to path: FilePath) throws {
        switch content {
        case .bytes(let bytes): try FilePublisher.replace(path, with: bytes)
        case .file(let file):
            let folder = path.removingLastComponent()
            try FileSystem.makeFolders(folder, mode: 0o700)
            // A second name: should the process end now, the first one is still there.
            try FileSystem.link(file, path)
            try FileSystem.synchronizeFolder(folder)
        }
    }

    private static func remove(_ file: TakenFile) {
        FileSystem.removeIfThere(file.path)
        let folder = file.path.removingLastComponent()
        try? FileSystem.removeFolder(folder)
        try? FileSystem.removeFolder(folder.removingLastComponent())
    }
}
