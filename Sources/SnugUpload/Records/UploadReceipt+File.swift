internal import FoundationEssentials
// SPDX-License-Identifier: Apache-2.0
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
        try FileUploadStore(directory).write(self, as: "\(name).json")
        return directory.appending("\(name).json")
    }
}
