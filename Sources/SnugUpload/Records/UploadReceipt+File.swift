// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import SnugSystem
public import SystemPackage

extension UploadReceipt {
    /// Reads a receipt from a file.
    /// - Throws: `state_failed`.
    public init(reading path: FilePath) throws(UploadError) {
        guard let data = FileManager.default.contents(atPath: path.string) else {
            throw UploadError(.stateFailed, "cannot read \(path); check the path")
        }
        do {
            self = try JSONDecoder().decode(UploadReceipt.self, from: data)
        } catch {
            throw UploadError(.stateFailed, "\(path) is not a receipt of an upload", cause: error)
        }
    }

    /// Writes the receipt into a folder, complete or not at all.
    /// - Parameters:
    ///   - directory: The folder, created if missing.
    ///   - name: The file's name without its extension.
    /// - Returns: The file.
    /// - Throws: `state_failed`.
    public func keep(in directory: FilePath, named name: String) throws(UploadError) -> FilePath {
        let path = directory.appending("\(name).json")
        do {
            let data = try JSONEncoder().encode(self)
            try FileSystem.makeFolders(directory, mode: 0o700)
            try FilePublisher.replace(path, with: data)
            return path
        } catch {
            let reason = (error as? SystemFailure)?.reason.description ?? "\(error)"
            throw UploadError(
                .stateFailed, "cannot write the receipt \(path): \(reason); the file itself was uploaded", cause: error)
        }
    }
}
