// SPDX-License-Identifier: Apache-2.0
internal import FoundationEssentials
internal import SnugSystem
public import SystemPackage

extension UploadReceipt {
    /// Reads a receipt from a file.
    /// - Throws: `state_failed`.
    public init(reading path: FilePath) throws(UploadError) {
        let bytes: [UInt8]
        do {
            let file = try FileDescriptor.opening(path, .readOnly)
            bytes = try file.closeAfter { try file.readBytes(maximum: Self.maximumFileBytes) }
        } catch {
            throw UploadError(
                .stateFailed, "cannot read \(PrintableName.of(path)): \(error); name the file of a receipt",
                cause: error)
        }
        do {
            self = try JSONDecoder().decode(UploadReceipt.self, from: Data(bytes))
        } catch {
            throw UploadError(
                .stateFailed, "\(PrintableName.of(path)) is not a receipt of an upload", cause: error)
        }
    }

    /// Bytes that no receipt has.
    private static let maximumFileBytes = 1 << 20

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
