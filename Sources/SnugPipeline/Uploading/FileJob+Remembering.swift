// SPDX-License-Identifier: Apache-2.0
import SnugHTTP
import SnugSystem
import SnugUpload
import Synchronization
import SystemPackage

/// Finished uploads are known by content and target, so that the same command again does not send them.
extension FileJob {
    /// A name for the file's content, its target and what is made of it; `nil` where nobody asks for it.
    func key(of item: UploadItem, _ file: FilePath) async throws -> String? {
        guard try await needsKey(item) else { return nil }
        let digest: ContentDigest? = try await threads.run {
            do throws(Errno) {
                return try ContentDigest.of(item.isNamed ? FileSystem.resolve(file) : file)
            } catch {
                // Pipes and devices have no content that could be known again.
                let reason =
                    error == .invalidArgument
                    ? "is not a regular file (a pipe, socket or device); give a file" : "cannot be read: \(error)"
                let isThere = ![.noSuchFileOrDirectory, .notDirectory].contains(error)
                throw UploadError(
                    .sourceFailed, isThere ? reason : reason + "; check the path",
                    resumption: isThere ? .startOver : .none, cause: error)
            }
        }
        guard let digest else {
            throw UploadError(
                .sourceChanged, "changed while it was read; send it again once nothing writes to it",
                resumption: .startOver)
        }
        return key(of: item, digest: "\(digest)")
    }

    /// A file alone is hashed on its way, and before it only where something was sent to its target.
    private func needsKey(_ item: UploadItem) async throws -> Bool {
        if request.fitting != nil { return true }
        guard let finished = request.finished else { return false }
        guard item.isAlone, request.options.checksums else { return true }
        if try await finished.receipt(of: targetKey) != nil { return true }
        guard namesObjects else { return false }
        return try await finished.receipt(of: Self.placeKey(item.url.text)) != nil
    }

    private func key(of item: UploadItem, digest: String) -> String {
        var text: [UInt8] = []
        for part in [digest, request.destination.url.text, uploadProtocol.rawValue, request.fitting?.identity ?? ""] {
            text += Array("\(part)\n".utf8)
        }
        text += item.input.name.bytes
        // Files of one name and content are told apart by their numbered addresses, or by how many there are.
        if let url = item.numberedURL { text += Array("\n\(url.text)".utf8) }
        for part in sentBesides { text += Array("\n\(part.utf8.count):\(part)".utf8) }
        let key = Self.digest(text)
        guard item.numberedURL == nil else { return key }
        let number = repetitions.next(of: key)
        return number == 1 ? key : "\(key)-\(number)"
    }

    /// Texts that the caller has the server told beside the file; none for the defaults.
    private var sentBesides: [String] {
        let (type, form) = (request.destination.contentType, request.destination.form)
        let typed = type.map { ["type", $0] } ?? []
        guard uploadProtocol == .form, form != FormSettings() else { return typed }
        return typed + ["form", form.fileField] + form.fields.flatMap { [$0.name, $0.value] }
    }

    /// The receipt of a file that was sent before, unless another one took its place since.
    func finished(_ key: String, _ item: UploadItem) async throws -> UploadReceipt? {
        guard !request.resends, let finished = request.finished else { return nil }
        // An address with a signature is asked for each time.
        if item.isAlone, request.destination.s3?.presignedFor != nil { return nil }
        guard let receipt = try await finished.receipt(of: key) else { return nil }
        guard namesObjects, let last = try await finished.receipt(of: Self.placeKey(receipt.url)) else {
            return receipt
        }
        return last == receipt ? receipt : nil
    }

    /// Looks once more when no other process can send the file: one may have, since it was asked for.
    /// - Returns: The key, also of a file that had none because it is hashed on its way.
    /// - Throws: ``SentMeanwhile``.
    func checkNotSent(_ item: UploadItem, _ source: FilePath, _ key: String?) async throws -> String? {
        var known = key
        if known == nil { known = try await self.key(of: item, source) }
        guard let known else { return nil }
        if let receipt = try await finished(known, item) { throw SentMeanwhile(receipt: receipt) }
        return known
    }

    /// Notes what was sent, and that it is the last at its address.
    func remember(_ receipt: UploadReceipt, of item: UploadItem, _ key: String?) async throws {
        guard let finished = request.finished, let key = key ?? receipt.sha256.map({ self.key(of: item, digest: $0) })
        else { return }
        try await finished.finish(key, with: receipt)
        if namesObjects { try await finished.finish(Self.placeKey(receipt.url), with: receipt) }
        if item.isAlone { try await finished.finish(targetKey, with: receipt) }
    }

    /// The name of the last receipt of an address.
    static func placeKey(_ url: String) -> String { "place-" + digest(Array(url.utf8)) }

    /// The name of the last receipt of a file that was sent alone to the destination.
    private var targetKey: String { "target-" + Self.digest(Array(request.destination.url.text.utf8)) }

    private var namesObjects: Bool { UploadPlan.namesObjects(uploadProtocol) }

    private static func digest(_ text: [UInt8]) -> String {
        String(MessageDigest.sha256(text).hexadecimal.prefix(40))
    }
}

/// The key of a file, which may be known only when its upload begins.
final class SharedKey: Sendable {
    private let state: Mutex<String?>
    init(_ key: String?) { state = Mutex(key) }
    var key: String? { state.withLock { $0 } }
    func set(_ key: String?) { state.withLock { $0 = key } }
}

/// Another process has sent the file.
struct SentMeanwhile: Error {
    var receipt: UploadReceipt
}
