// SPDX-License-Identifier: Apache-2.0

/// A key, token or password: usable, but never printed by accident.
///
/// Every way in which Swift turns a value into text (interpolation, `dump`, a debugger, a crash report of an enclosing
/// struct) shows `***`. Only ``reveal()`` gives the text, so a reviewer finds each use by its name.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Wraps a text that must not be printed.
    public init(_ text: String) { self.text = text }

    /// The text itself, for sending and signing only.
    public func reveal() -> String { text }

    /// True for an empty text, as when an environment variable is set but empty.
    public var isEmpty: Bool { text.isEmpty }

    /// Three stars.
    public var description: String { "***" }
    /// Three stars.
    public var debugDescription: String { "***" }
    /// No children, so that `dump` finds nothing.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
