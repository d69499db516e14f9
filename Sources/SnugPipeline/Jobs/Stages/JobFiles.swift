// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugLedger
import SnugSystem
import SystemPackage

/// The files of a job in the state directory: what one stage hands on to the next. Its calls block.
struct JobFiles: Sendable {
    /// The folder of all jobs.
    let root: FilePath
    let publisher: OutputPublisher
    /// The part of each job's folder that is meant; `nil` for all of it.
    private(set) var part: String?

    init(root: FilePath, publisher: OutputPublisher) {
        self.root = root
        self.publisher = publisher
    }

    /// The beginning of the names of parts that belong to one claim.
    private static let claimPrefix = "claim-"

    /// The files that exist for the time of a claim, while the bytes themselves are in a storage. A worker that lost the
    /// claim touches no others.
    func ofClaim(_ fence: Int) -> JobFiles {
        var files = self
        files.part = "\(Self.claimPrefix)\(fence)"
        return files
    }

    func folder(of job: JobID) -> FilePath {
        let folder = root.appending(job.description)
        return part.map { folder.appending($0) } ?? folder
    }

    func path(of file: JobPayload.StagedFile, in job: JobID) -> FilePath {
        folder(of: job).appending(FilePath(bytes: PathText.decode(file.path)).components)
    }

    /// True when a file is there, as far as its size tells.
    func isThere(_ file: JobPayload.StagedFile, in job: JobID) -> Bool {
        let identity = try? FileIdentity(of: path(of: file, in: job), followsLinks: false)
        return identity?.kind == .file && identity?.byteCount == file.byteCount
    }

    /// Writes a fitted image, under the name that it would have in the outbox: servers see it.
    func stage(
        _ image: FittedImage, _ source: ImageSource, as original: RelativePath, of job: JobID
    ) throws -> JobPayload.StagedFile {
        let content = PublishedContent(image, source: source)
        let name = ResultName(RelativePath(bytes: original.name), suffix: image.format.fileExtension).candidate(0)
        let place = RelativePath("fit").appending(name.name)
        _ = try publisher.publish(content, to: place.path(below: folder(of: job)), replacing: true)
        return JobPayload.StagedFile(
            path: PathText.encode(place.bytes), suffix: image.format.fileExtension, byteCount: image.byteCount,
            digest: try Self.digest(of: content))
    }

    static func digest(of content: PublishedContent) throws -> String {
        var hash = MessageDigest(.sha256)
        try content.forEachChunk { hash.update($0) }
        return hash.finalize().hexadecimal
    }

    /// Removes everything of a job, or of the part.
    func remove(_ job: JobID) {
        Self.removeTree(folder(of: job))
        if part != nil { try? FileSystem.removeFolder(root.appending(job.description)) }
    }

    /// Removes what claims of an earlier process have left.
    func removeClaims() {
        for job in jobs() {
            let folder = root.appending(job.description)
            for name in (try? FolderListing.names(in: folder)) ?? [] where name.starts(with: Self.claimPrefix.utf8) {
                Self.removeTree(folder.appending(FilePath(bytes: name).components))
            }
            try? FileSystem.removeFolder(folder)
        }
    }

    /// Removes a folder of ours with everything in it; links are removed, not followed.
    static func removeTree(_ path: FilePath) {
        for name in (try? FolderListing.names(in: path)) ?? [] {
            let entry = path.appending(FilePath(bytes: name).components)
            if (try? FileIdentity(of: entry, followsLinks: false))?.kind == .folder {
                removeTree(entry)
            } else {
                FileSystem.removeIfThere(entry)
            }
        }
        try? FileSystem.removeFolder(path)
    }

    /// The jobs that have files.
    func jobs() -> [JobID] {
        ((try? FolderListing.names(in: root)) ?? []).compactMap { JobID(String(decoding: $0, as: UTF8.self)) }
    }
}
