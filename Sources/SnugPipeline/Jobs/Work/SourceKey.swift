// SPDX-License-Identifier: Apache-2.0

/// The identity of a source file within its folder, as the ledger has it.
enum SourceKey: Sendable, Hashable {
    /// A file in the work folder, and its place in the inbox.
    case moved(IntakeID, RelativePath)
    /// A version of a file that stays in the inbox.
    case left(RelativePath, FileVersion)

    init(_ file: TakenFile, version: FileVersion) {
        self = file.isMoved ? .moved(file.id, file.original) : .left(file.original, version)
    }

    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "work":
            let parts = parts[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let id = IntakeID(String(parts[0])) else { return nil }
            self = .moved(id, RelativePath(bytes: PathText.decode(String(parts[1]))))
        case "left":
            let parts = parts[1].split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false)
            guard parts.count == 5, let device = UInt64(parts[0]), let inode = UInt64(parts[1]),
                let byteCount = Int(parts[2]), let modified = Int64(parts[3])
            else { return nil }
            let version = FileVersion(
                device: device, inode: inode, byteCount: byteCount, modified: modified, changed: 0)
            self = .left(RelativePath(bytes: PathText.decode(String(parts[4]))), version)
        default: return nil
        }
    }

    /// The text in the ledger. The time of the last change of attributes is not in it: a new permission is no new file.
    var text: String {
        switch self {
        case .moved(let id, let path): "work:\(id):\(PathText.encode(path.bytes))"
        case .left(let path, let version):
            "left:\(version.device):\(version.inode):\(version.byteCount):\(version.modified):"
                + PathText.encode(path.bytes)
        }
    }

    /// The place in the inbox.
    var original: RelativePath {
        switch self {
        case .moved(_, let path), .left(let path, _): path
        }
    }
}
