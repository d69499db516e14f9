// SPDX-License-Identifier: Apache-2.0
package import SnugImage
package import SystemPackage

/// An image that a program hands over, with options of its own.
package struct Submission: Sendable {
    /// The place of the image's bytes.
    package enum Content: Sendable {
        case bytes([UInt8])
        /// A file of the state directory, which stays where it is.
        case file(FilePath)
    }

    /// The file's name, without folders.
    package var name: String
    package var content: Content
    package var limits: Limits
    package var policy: FitPolicy
    /// The limits are those of a target, which takes no format that they do not name.
    package var hasTarget: Bool
    /// The folder whose pipeline the image takes, up to a result of its own; `nil` for a fit alone.
    package var base: WatchFolder?
    /// Options that override the folder's; `nil` for none.
    package var sidecar: Sidecar?

    package init(name: String, content: Content, limits: Limits, policy: FitPolicy, hasTarget: Bool) {
        self.name = name
        self.content = content
        self.limits = limits
        self.policy = policy
        self.hasTarget = hasTarget
    }
}
