// SPDX-License-Identifier: Apache-2.0
import SnugSystem
package import SystemPackage

/// A walk through a watched folder, compared with what is known.
///
/// The scan is the truth; events only tell when to look. Nothing follows from an entry that is missing, so that an
/// unmounted folder never means that all files are gone. Links are not followed: each folder is opened by its name inside
/// the one before. It blocks.
package struct FolderScan: Sendable {
    /// The watched folder.
    package var root: FilePath
    package var rules: WatchRules
    /// Files listed before they are looked up.
    private static let batchSize = 1024
    private static let mostFailures = 20

    package init(root: FilePath, rules: WatchRules = WatchRules()) {
        self.root = root
        self.rules = rules
    }

    /// Walks the folder, or one below it.
    /// - Parameters:
    ///   - start: The folder to walk.
    ///   - capacity: New files that the report may hold.
    ///   - watching: Called with each folder before it is listed, so that nothing slips in between.
    ///   - isCancelled: Asked at each folder.
    /// - Throws: `Errno` when the folder itself cannot be opened, `CancellationError`, what `known` throws.
    package func run(
        below start: RelativePath = .root, comparedWith known: some KnownFiles, capacity: Int = .max,
        watching: (RelativePath) -> Void = { _ in }, isCancelled: () -> Bool = { false }
    ) throws -> ScanReport {
        let begin = ThreadClock.now
        var walk = Walk(scan: self, known: known, capacity: capacity)
        let folder = try OpenFolder(root).opening(start.names)
        try walk.visit(folder, at: start, depth: start.names.count, watching: watching, isCancelled: isCancelled)
        try walk.lookUp()
        walk.report.processorTime = ThreadClock.now - begin
        return walk.report
    }

    /// The state of one walk.
    private struct Walk<Known: KnownFiles> {
        let scan: FolderScan
        let known: Known
        let capacity: Int
        var report = ScanReport()
        var batch: [ScannedFile] = []

        init(scan: FolderScan, known: Known, capacity: Int) {
            self.scan = scan
            self.known = known
            self.capacity = capacity
        }

        mutating func visit(
            _ folder: borrowing OpenFolder, at path: RelativePath, depth: Int, watching: (RelativePath) -> Void,
            isCancelled: () -> Bool
        ) throws {
            if isCancelled() { throw CancellationError() }
            watching(path)
            report.folderCount += 1
            report.stamps[path] = try FileVersion(folder.identity())
            var subfolders: [[UInt8]] = []
            try folder.forEachName { name in
                if report.isPartial { return false }
                let nameClass = WatchRules.nameClass(name)
                guard nameClass != .hidden else {
                    report.skipped[.hidden, default: 0] += 1
                    return true
                }
                do throws(Errno) {
                    let identity = try folder.identity(of: name)
                    if identity.kind == .folder {
                        subfolders.append(name)
                    } else {
                        note(name, identity, nameClass, in: path)
                    }
                } catch {
                    report.skipped[.vanished, default: 0] += 1
                }
                if batch.count >= FolderScan.batchSize { try lookUp() }
                return true
            }
            guard scan.rules.isRecursive else { return }
            // In the order of their names: each run gets to the same files first.
            for name in subfolders.sorted(by: { $0.lexicographicallyPrecedes($1) }) where !report.isPartial {
                try descend(folder, name, at: path, depth: depth, watching: watching, isCancelled: isCancelled)
            }
        }

        private mutating func descend(
            _ folder: borrowing OpenFolder, _ name: [UInt8], at path: RelativePath, depth: Int,
            watching: (RelativePath) -> Void, isCancelled: () -> Bool
        ) throws {
            guard depth < scan.rules.maximumDepth else {
                report.skipped[.tooDeep, default: 0] += 1
                return
            }
            let below = path.appending(name)
            do {
                let subfolder = try folder.opening(name)
                try visit(subfolder, at: below, depth: depth + 1, watching: watching, isCancelled: isCancelled)
            } catch let reason as Errno {
                // Gone or replaced meanwhile, or not for us: the rest of the folder is walked all the same.
                report.skipped[reason == .noSuchFileOrDirectory ? .vanished : .unreadableFolder, default: 0] += 1
                if reason != .noSuchFileOrDirectory, report.failures.count < FolderScan.mostFailures {
                    report.failures.append((below, reason))
                }
            }
        }

        private mutating func note(
            _ name: [UInt8], _ identity: FileIdentity, _ nameClass: WatchRules.NameClass, in path: RelativePath
        ) {
            switch identity.kind {
            case .link: report.skipped[.link, default: 0] += 1
            case .other, .folder: report.skipped[.special, default: 0] += 1
            case .file where nameClass == .sidecar: report.skipped[.sidecar, default: 0] += 1
            case .file:
                report.fileCount += 1
                batch.append(ScannedFile(path: path.appending(name), version: FileVersion(identity)))
            }
        }

        mutating func lookUp() throws {
            if batch.isEmpty { return }
            let settled = try known.areSettled(batch, in: scan.root)
            for (file, isSettled) in zip(batch, settled) {
                if isSettled {
                    report.settledCount += 1
                } else if report.files.count < capacity {
                    report.files.append(file)
                } else {
                    report.isPartial = true
                }
            }
            batch.removeAll(keepingCapacity: true)
        }
    }
}
