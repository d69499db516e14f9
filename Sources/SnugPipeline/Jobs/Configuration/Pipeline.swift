// SPDX-License-Identifier: Apache-2.0

/// The work on each file of a folder, which ends with the delivery of its result to the outbox.
public struct Pipeline: Sendable, Hashable, CustomStringConvertible {
    /// A part of the work.
    public enum Stage: String, Sendable, Hashable, CaseIterable, Codable {
        /// Fits the image under the folder's limits.
        case fit
        /// Uploads the image, or the fitted one.
        case upload
        /// Submits a generation with the image, or with the address of the uploaded one, and downloads its result.
        case generate
    }

    /// The stages, in order.
    public let stages: [Stage]

    /// Fits each image.
    public static let fit = Pipeline(trusted: [.fit])

    private init(trusted stages: [Stage]) { self.stages = stages }

    /// A pipeline of stages; `nil` unless there is at least one, and they are in the order fit, upload, generate.
    public init?(_ stages: [Stage]) {
        let order = stages.compactMap { Stage.allCases.firstIndex(of: $0) }
        guard !order.isEmpty, zip(order, order.dropFirst()).allSatisfy({ $0 < $1 }) else { return nil }
        self.stages = stages
    }

    /// Reads `fit`, `fit,upload` or `fit,upload,generate`; `nil` when the text is nothing of the kind.
    public init?(_ text: String) {
        let names = text.split(separator: ",", omittingEmptySubsequences: false)
        let stages = names.compactMap { name in Stage(rawValue: name.filter { $0 != " " }) }
        guard stages.count == names.count else { return nil }
        self.init(stages)
    }

    /// The names of the stages with commas between.
    public var description: String { stages.map(\.rawValue).joined(separator: ",") }

    /// True when a stage is a part of it.
    public func contains(_ stage: Stage) -> Bool { stages.contains(stage) }
}
