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

    func folder(of job: JobID) -> FilePath { root.appending(job.description) }

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

    /// Removes everything of a job.
    func remove(_ job: JobID) { Self.removeTree(folder(of: job)) }

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
