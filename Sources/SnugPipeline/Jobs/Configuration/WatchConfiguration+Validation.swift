// SPDX-License-Identifier: Apache-2.0
import SnugGeneration
import SnugSystem
import SystemPackage

extension WatchConfiguration {
    /// Checks everything that can be checked before the daemon runs. It looks at the file system, and may block.
    /// - Throws: `invalid_configuration`, `folders_overlap`.
    public func validate() throws(DaemonError) {
        guard !folders.isEmpty || takesSubmissions || role.isWorker else {
            throw Self.invalid("there is no folder to watch; name one")
        }
        try role.check(folders: folders.map(\.name))
        guard !folders.contains(where: { $0.name == SubmissionFolder.name }) else {
            throw Self.invalid(
                "the name '\(SubmissionFolder.name)' is for jobs that come over HTTP; name the folder otherwise")
        }
        try Self.checkUnique(folders.map(\.name), "a folder")
        try Self.checkUnique(accounts.map(\.name), "an account")
        for (name, count) in [
            ("uploads", workers.uploads), ("submissions", workers.submissions), ("deliveries", workers.deliveries),
        ] where count < 1 {
            throw Self.invalid("the number of \(name) is \(count); it has to be 1 or more")
        }
        guard workers.fits > 0 || workers.fits == 0 && !role.isAlone else {
            throw Self.invalid(
                "the number of fit workers is \(workers.fits); it has to be 1 or more, or 0 where other hosts of the ledger fit"
            )
        }
        if let memory, memory < 1 { throw Self.invalid("the memory limit is \(memory); it has to be 1 byte or more") }
        for account in accounts { _ = try account.makeProvider() }
        for folder in folders { try check(folder) }
        try checkLayout()
    }

    private func check(_ folder: WatchFolder) throws(DaemonError) {
        let name = PrintableName.escaped(folder.name)
        if folder.pipeline.contains(.upload), folder.upload == nil {
            throw Self.invalid("folder '\(name)' uploads, and no server is named; name one, or leave the stage out")
        }
        if folder.pipeline.contains(.upload), let upload = folder.upload { try check(upload, of: name) }
        if folder.pipeline.contains(.generate) {
            guard let generation = folder.generation else {
                throw Self.invalid(
                    "folder '\(name)' generates, and no account is named; name one, or leave the stage out")
            }
            guard let account = account(named: generation.account) else {
                let nearest = NearestName.of(generation.account, among: accounts.map(\.name))
                throw Self.invalid(
                    "folder '\(name)' names the account '\(PrintableName.escaped(generation.account))', which is not there; "
                        + (nearest.map { "did you mean '\($0)'?" } ?? "add it to the accounts"))
            }
            let needsAddresses = try account.makeProvider().takesAddressesOnly
            guard !needsAddresses || account.imageHost != nil || folder.pipeline.contains(.upload) else {
                throw Self.invalid(
                    "folder '\(name)' generates at \(account.provider.rawValue), which takes images by address only; set "
                        + "image_host of the account '\(PrintableName.escaped(account.name))', or upload.to of the folder"
                )
            }
            if generation.count < 1 {
                throw Self.invalid("folder '\(name)' asks for \(generation.count) images; ask for 1 or more")
            }
        }
        for (setting, time) in [
            ("settle time", folder.settleTime), ("patience", folder.patience), ("scan interval", folder.scanInterval),
            ("poll interval", folder.pollInterval),
        ] where time < .zero {
            throw Self.invalid("the \(setting) of folder '\(name)' is negative")
        }
        if folder.maximumAttempts < 1 {
            throw Self.invalid("folder '\(name)' allows \(folder.maximumAttempts) attempts; allow 1 or more")
        }
    }

    private func check(_ upload: UploadSettings, of name: String) throws(DaemonError) {
        if let fault = UploadSettings.fault(ofAddress: upload.url, upload.uploadProtocol) {
            throw Self.invalid("folder '\(name)': \(fault)")
        }
        // The address is in every job's options.
        guard !UploadSettings.holdsSecret(upload.url) else {
            throw Self.invalid("folder '\(name)': \(UploadSettings.secretFault(of: upload.url))")
        }
    }

    private func checkLayout() throws(DaemonError) {
        do {
            var layout = FolderLayout(watched: [], written: [])
            layout.written.append(FolderLayout.Entry("the state directory", try FolderLocation(of: stateDirectory)))
            for folder in folders {
                let name = PrintableName.escaped(folder.name)
                layout.watched.append(
                    FolderLayout.Entry("the inbox of '\(name)'", try FolderLocation(of: folder.inbox)))
                layout.written.append(
                    FolderLayout.Entry("the outbox of '\(name)'", try FolderLocation(of: folder.outbox)))
                layout.written.append(
                    FolderLayout.Entry("the failed folder of '\(name)'", try FolderLocation(of: folder.failedFolder)))
                if folder.source == .move {
                    layout.written.append(
                        FolderLayout.Entry("the done folder of '\(name)'", try FolderLocation(of: folder.doneFolder)))
                }
            }
            if let fault = layout.folderFault { throw Self.invalid(fault) }
            try layout.check()
        } catch let error as DaemonError {
            throw error
        } catch let error as WatchError {
            throw DaemonError(.foldersOverlap, error.message)
        } catch {
            throw DaemonError(.ioFailed, "the folders cannot be examined: \(error)")
        }
    }

    private static func checkUnique(_ names: [String], _ what: String) throws(DaemonError) {
        var seen: Set<String> = []
        for name in names {
            if name.isEmpty { throw invalid("\(what) has no name; give it one") }
            guard seen.insert(name).inserted else {
                throw invalid("the name of \(what) is there twice: '\(PrintableName.escaped(name))'; rename one")
            }
        }
    }

    static func invalid(_ message: String) -> DaemonError { DaemonError(.invalidConfiguration, message) }
}
