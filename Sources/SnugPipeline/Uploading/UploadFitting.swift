// SPDX-License-Identifier: Apache-2.0
public import SnugImage
import SnugSystem
public import SystemPackage

/// The fitting of images on their way to a server.
public struct UploadFitting: Sendable {
    /// Limits of every image.
    public var limits: Limits
    /// Choices within the limits.
    public var policy: FitPolicy
    /// The folder in which fitted images are kept until they are sent, so that an upload that was interrupted resumes with the
    /// same bytes.
    public var workFolder: FilePath

    /// Describes the fitting.
    public init(limits: Limits = Limits(), policy: FitPolicy = FitPolicy(), workFolder: FilePath) {
        self.limits = limits
        self.policy = policy
        self.workFolder = workFolder
    }

    /// Everything that decides what an image comes out as, the same in every process.
    var identity: String { OptionsDigest.canonical(limits, policy) }

    // MARK: The work folder

    /// The file of an image that an earlier run has fitted. Blocks.
    func existing(_ key: String) -> (path: FilePath, format: ImageFormat)? {
        for format in OutputNames.formats {
            let path = path(key, format)
            if FileSystem.isFile(path) { return (path, format) }
        }
        return nil
    }

    func path(_ key: String, _ format: ImageFormat) -> FilePath {
        workFolder.appending("\(key).\(format.fileExtension)")
    }

    /// Removes an image that nobody needs any more. Blocks.
    func forget(_ key: String) {
        for format in OutputNames.formats { FileSystem.removeIfThere(path(key, format)) }
    }

    /// Days after which an image that nobody came back for is removed.
    private static let lifetime = 30

    /// Removes images that nobody has come back for. Blocks.
    func cleanUp() {
        func moment(daysAgo: Int) -> Int64 { Int64(WallClock.seconds - daysAgo * 86_400) * 1_000_000_000 }
        TemporaryFiles.sweep(workFolder)
        // What cannot be listed or removed is left for the next run.
        for file in (try? FolderListing.files(in: workFolder)) ?? [] {
            guard let identity = try? FileIdentity(of: file, followsLinks: false),
                identity.modified < moment(daysAgo: Self.lifetime)
            else { continue }
            FileSystem.removeIfThere(file)
        }
    }
}
