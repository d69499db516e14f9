// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import FoundationEssentials
import SnugPipeline
import SnugSystem
import SystemPackage

extension Checkup {
    /// Checks a configuration of `snug watch`, and how each of its folders would be watched.
    /// - Returns: The checks, and the state directory of a configuration that can be read.
    static func configuration(
        _ path: FilePath, stateDirectory: FilePath
    ) async -> (checks: [Checkup], stateDirectory: FilePath?) {
        let name = PrintableName.of(path)
        do {
            var loader = ConfigurationLoader(
                file: path, environment: ProcessInfo.processInfo.environment, stateDirectory: stateDirectory)
            loader.sections = try Snug.configuration.subcommands.map { try CommandDescription($0).section }
            let watch = try await BlockingThreads(count: 1).run { [loader] in
                let watch = try loader.load().service.watch
                // A file may be for other commands only.
                if !watch.folders.isEmpty || !watch.accounts.isEmpty { try watch.validate() }
                return watch
            }
            let folders =
                watch.folders.isEmpty
                ? "no folders" : "\(watch.folders.count) folder\(watch.folders.count == 1 ? "" : "s")"
            var checks = [Checkup(name: "configuration", state: .ok, value: "\(name), \(folders)")]
            for folder in watch.folders { checks.append(await watching(folder)) }
            return (checks, watch.stateDirectory)
        } catch {
            let message = (error as? DaemonError)?.message ?? "\(error)"
            return (
                [Checkup(name: "configuration", state: .fail, value: message, remedy: "correct \(name)")], nil
            )
        }
    }

    private static func watching(_ folder: WatchFolder) async -> Checkup {
        let name = "folder \(folder.name)"
        let inbox = PrintableName.of(folder.inbox)
        guard FileSystem.isFolder(folder.inbox) else {
            return Checkup(
                name: name, state: .warn, value: "\(inbox) is not there",
                remedy: "create it, or mount it; the daemon waits for it")
        }
        let mode = await WatchMode.expected(for: folder)
        let value = "\(inbox), \(mode)"
        if mode == .events || mode == .polling(.requested) { return Checkup(name: name, state: .ok, value: value) }
        return Checkup(
            name: name, state: .warn, value: value,
            remedy: "files are found within poll_interval, \(DurationText.exact(folder.pollInterval))")
    }
}
