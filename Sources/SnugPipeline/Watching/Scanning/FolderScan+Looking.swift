// SPDX-License-Identifier: Apache-2.0
import SnugSystem
import SystemPackage

/// Looks at single entries, where an event names them.
extension FolderScan {
    /// The states of some files; `nil` for what is gone, or is no regular file with a name of an input.
    /// - Throws: `Errno` when the watched folder itself cannot be opened.
    package func versions(of paths: [RelativePath]) throws -> [FileVersion?] {
        let root = try OpenFolder(root)
        var versions = [FileVersion?](repeating: nil, count: paths.count)
        // One folder after the other, each opened once.
        for (folder, indices) in Dictionary(grouping: paths.indices, by: { paths[$0].folder }) {
            guard !folder.names.contains(where: { $0.first == UInt8(ascii: ".") }),
                let opened = try? root.opening(folder.names)
            else { continue }
            for index in indices {
                let name = paths[index].name
                guard [.input, .unfinished].contains(WatchRules.nameClass(name)),
                    let identity = try? opened.identity(of: name), identity.kind == .file
                else { continue }
                versions[index] = FileVersion(identity)
            }
        }
        return versions
    }

    /// True when a folder is no longer as it was before it was last listed.
    package func hasChanged(since stamps: [RelativePath: FileVersion]) -> Bool {
        guard let root = try? OpenFolder(root) else { return true }
        return stamps.contains { path, stamp in
            guard let folder = try? root.opening(path.names), let identity = try? folder.identity() else { return true }
            return FileVersion(identity) != stamp
        }
    }
}
