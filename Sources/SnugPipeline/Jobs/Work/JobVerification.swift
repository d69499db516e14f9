// SPDX-License-Identifier: Apache-2.0
public import SnugLedger
import SnugSystem
public import SystemPackage

/// A look at the results of a delivered job: are they in their place, and whole?
public struct JobVerification: Sendable, Hashable {
    /// The finding about a result.
    public enum Finding: String, Sendable, Hashable, CaseIterable {
        /// It has the size and the content that were delivered.
        case whole
        /// It is not there: moved, renamed or removed since.
        case missing
        /// It is another content.
        case changed
        /// It cannot be read.
        case unreadable
    }

    /// A result.
    public struct File: Sendable, Hashable {
        /// Its place.
        public var path: FilePath
        /// The bytes that were delivered.
        public var byteCount: Int
        /// The finding.
        public var finding: Finding
    }

    /// The job.
    public var job: JobID
    /// The name of its source.
    public var name: String
    /// Its results under all names that are remembered; none for a job whose results were not recorded.
    public var files: [File]

    /// True when every recorded result is whole.
    public var isWhole: Bool { files.allSatisfy { $0.finding == .whole } }

    /// Reads the results of a job to their end. It blocks.
    public init(of job: Job) {
        self.job = job.id
        name = job.name
        let payload = JobPayload(text: job.payload)
        files = ((payload.outputs ?? []) + (payload.others ?? [])).map { output in
            let path = FilePath(bytes: PathText.decode(output.path))
            return File(path: path, byteCount: output.byteCount, finding: Self.look(at: path, output))
        }
    }

    private static func look(at path: FilePath, _ output: JobPayload.StagedFile) -> Finding {
        do throws(Errno) {
            let file = try FileDescriptor.opening(path, .readOnly, options: .noFollow)
            defer { file.closeIgnoringErrors() }
            let identity = try file.identity()
            guard identity.kind == .file, identity.byteCount == output.byteCount else { return .changed }
            var hash = MessageDigest(.sha256)
            while true {
                let chunk = try file.readBytes(maximum: 1 << 18)
                if chunk.isEmpty { break }
                hash.update(chunk)
            }
            return hash.finalize().hexadecimal == output.digest ? .whole : .changed
        } catch .noSuchFileOrDirectory {
            return .missing
        } catch {
            return .unreadable
        }
    }

    /// The finding as JSON.
    package var json: JSONValue {
        [
            "id": .text(job.description), "name": .text(name), "whole": .flag(isWhole),
            "outputs": .array(
                files.map { file in
                    [
                        "output": .text(FitRecord.text(of: file.path)), "bytes": .integer(file.byteCount),
                        "finding": .text(file.finding.rawValue),
                    ]
                }),
        ]
    }
}
