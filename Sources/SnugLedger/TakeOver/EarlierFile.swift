// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import SnugGeneration
internal import SnugSystem
internal import SnugUpload
internal import SystemPackage

/// A state file of a version before the ledger.
struct EarlierFile: Sendable {
    /// The contents, by version 0.1.
    enum Kind: Sendable {
        /// `KEY.json`: a pending upload.
        case upload
        /// `hosts.json`: limits of hosts.
        case hosts
        /// `journal/DIGEST.json`: a submission.
        case generation
        /// `jobs-ACCOUNT`: lines of seconds, submission and job.
        case jobClaims(account: String)
        /// `generation-limits.json`: observed input limits by origin and model.
        case inputLimits
    }

    /// A record, as the ledger keeps it.
    enum Record: Sendable {
        case document(DocumentKind, key: String, payload: String, expiresAt: LedgerInstant?)
        case jobClaim(ProviderJobClaim)
    }

    let path: FilePath
    let kind: Kind

    /// The file whose lock a process of the earlier version has while it works on the record.
    var lockPath: FilePath? {
        switch kind {
        case .upload, .generation: FilePath(path.string.dropLast(5) + ".lock")
        case .hosts, .inputLimits, .jobClaims: nil
        }
    }

    // MARK: Finding

    /// The files below a state folder, or in a folder that an earlier version was told to use.
    static func all(in state: FilePath) throws(Errno) -> [EarlierFile] {
        var found: [EarlierFile] = []
        for folder in [state, state.appending("uploads"), state.appending("generations")] {
            for path in try files(in: folder) {
                let name = path.lastComponent?.string ?? ""
                if let kind = Self.kind(of: name) { found.append(EarlierFile(path: path, kind: kind)) }
            }
            for path in try files(in: folder.appending("journal")) where path.extension == "json" {
                found.append(EarlierFile(path: path, kind: .generation))
            }
        }
        return found
    }

    private static func files(in folder: FilePath) throws(Errno) -> [FilePath] {
        do throws(Errno) {
            // A pipe of such a name would keep whoever opens it waiting.
            return try FolderListing.files(in: folder).filter { path in
                (try? FileIdentity(of: path, followsLinks: false))?.kind == .file
            }
        } catch .noSuchFileOrDirectory, .notDirectory {
            return []
        }
    }

    private static func kind(of name: String) -> Kind? {
        if name == "hosts.json" { return .hosts }
        if name == "generation-limits.json" { return .inputLimits }
        if name.hasPrefix("jobs-"), !name.hasSuffix(".migrated"), !name.hasSuffix(".lock") {
            return .jobClaims(account: String(name.dropFirst(5)))
        }
        // 32 digits; discarded ones have more behind a hyphen.
        guard name.hasSuffix(".json"), name.prefix(32).utf8.count == 32,
            name.prefix(32).utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            name.count == 37 || name.dropFirst(32).hasPrefix("-")
        else { return nil }
        return .upload
    }

    // MARK: Reading

    /// The records in it. Blocks.
    func records() throws -> [Record] {
        let file = try FileDescriptor.opening(path, .readOnly)
        defer { file.closeIgnoringErrors() }
        let data = Data(try file.readBytes(maximum: 64 << 20))
        let decoder = JSONDecoder()
        switch kind {
        case .upload:
            let record = try decoder.decode(UploadRecord.self, from: data)
            return [try .document(.uploads, key: record.key, payload: StoredValue.encode(record), expiresAt: nil)]
        case .generation:
            let record = try decoder.decode(GenerationRecord.self, from: data)
            return [try .document(.generations, key: record.id, payload: StoredValue.encode(record), expiresAt: nil)]
        case .hosts:
            return try decoder.decode([String: HostLimit].self, from: data).map { origin, limit in
                try .document(.hostLimits, key: origin, payload: StoredValue.encode(limit), expiresAt: nil)
            }
        case .inputLimits:
            return try decoder.decode([String: ObservedInputLimits].self, from: data).map { model, limits in
                try .document(.inputLimits, key: model, payload: StoredValue.encode(limits), expiresAt: nil)
            }
        case .jobClaims(let account):
            return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
                let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
                guard parts.count == 3, let time = Int(parts[0]), (0..<(.max / 1000)).contains(time) else { return nil }
                return .jobClaim(
                    ProviderJobClaim(
                        account: account, job: parts[2], submission: parts[1],
                        claimedAt: LedgerInstant(milliseconds: time * 1000)))
            }
        }
    }

    /// The remedy for a file that cannot be read.
    var remedy: String {
        switch kind {
        case .upload: "remove it to start that upload over"
        case .generation: "find out from the provider whether its job was paid for, then remove it"
        case .hosts, .inputLimits, .jobClaims: "remove it; what was in it is learnt again"
        }
    }
}
