// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import SnugSystem
import SnugUpload
import SystemPackage

/// Everything that the workers of a job hand on from one step to the next, kept in the ledger.
struct JobPayload: Sendable, Hashable, Codable {
    /// A file of the job's own folder in the state directory.
    struct StagedFile: Sendable, Hashable, Codable {
        /// The path below the job's folder.
        var path: String
        /// The customary extension of its format.
        var suffix: String
        var byteCount: Int
        /// SHA-256 in hexadecimal.
        var digest: String
    }

    /// The reason why a file cannot be processed at all.
    struct Fault: Sendable, Hashable, Codable {
        var code: String
        var message: String

        /// The options of a job that is there to fail with it. The message is among them: two wrong sidecars of one content
        /// are two faults.
        var optionsText: String { (["fault": .text(code), "message": .text(message)] as JSONValue).description }
    }

    /// The input in the storage that hosts share.
    var input: StoredObject?
    /// Set for a file that was given up, or whose sidecar is wrong: the job fails with it.
    var fault: Fault?
    /// The image that goes on to the next stage.
    var fitted: StagedFile?
    /// The receipt of the upload.
    var receipt: UploadReceipt?
    /// The results of the generation.
    var images: [StagedFile]?
    /// Where results were put; the first ones, with the digest of their content, for names that join later.
    var outputs: [StagedFile]?
    /// Where the results were put under other names.
    var others: [StagedFile]?
    /// True once the provider has accepted the generation, which is then paid for.
    var isAccepted: Bool?

    /// Nothing yet.
    init() {}

    /// The payload of a job in the ledger. One that cannot be read is that of a new job: the steps find out the rest.
    init(text: String) {
        // Every job begins with it.
        if text == Self.emptyText { return }
        self = (try? JSONDecoder().decode(Self.self, from: Data(text.utf8))) ?? JobPayload()
    }

    /// Other names that are remembered: each that joins writes them all.
    private static let maximumOthers = 50

    /// Notes the results of a delivery. Those under the names before stay known.
    mutating func note(_ outputs: [StagedFile]) {
        let earlier = (self.outputs ?? []) + (others ?? [])
        self.outputs = outputs
        keep(earlier)
    }

    /// Notes the same results under one more name.
    mutating func noteOther(_ places: [FilePath]) {
        keep(
            (others ?? [])
                + zip(outputs ?? [], places).map { output, place in
                    StagedFile(
                        path: PathText.encode(place.bytes), suffix: output.suffix, byteCount: output.byteCount,
                        digest: output.digest)
                })
    }

    private mutating func keep(_ files: [StagedFile]) {
        var seen = Set((outputs ?? []).map(\.path))
        let kept = files.filter { seen.insert($0.path).inserted }.prefix(Self.maximumOthers)
        others = kept.isEmpty ? nil : Array(kept)
    }

    /// The text of a payload with nothing in it.
    private static let emptyText = "{}"

    var text: String {
        if self == JobPayload() { return Self.emptyText }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? Self.emptyText
    }
}
