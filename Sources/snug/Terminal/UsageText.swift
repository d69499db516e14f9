// SPDX-License-Identifier: Apache-2.0

/// The words about arguments that cannot be used.
enum UsageText {
    private static let opening = "The value '"
    private static let middle = "' is invalid for '"

    /// The parser's message with the value named once: `--limit: 'abc' is not a size` where it says that the value 'abc' is
    /// invalid for '--limit <size>', and the reason names it again.
    static func namingValueOnce(_ message: String) -> String {
        guard let (argument, reason) = parts(of: message) else { return message }
        return "\(argument): \(reason)"
    }

    /// The reason alone, where another place than an option is named before it.
    static func reason(in message: String) -> String { parts(of: message)?.reason ?? message }

    /// True for a message about something that is on the command line, not about what is missing there.
    static func isAboutGiven(_ message: String) -> Bool {
        [opening, "Missing value for ", "Unknown option ", "Unexpected argument", "Invalid option"].contains {
            message.hasPrefix($0)
        } || message.contains(" unexpected arguments")
    }

    private static func parts(of message: String) -> (argument: String, reason: String)? {
        guard message.hasPrefix(opening), let middle = message.firstRange(of: middle),
            let end = message[middle.upperBound...].firstRange(of: "': ")
        else { return nil }
        let value = message[message.index(message.startIndex, offsetBy: opening.count)..<middle.lowerBound]
        let reason = String(message[end.upperBound...])
        guard reason.prefix(while: { !$0.isNewline }).contains("'\(value)'") else { return nil }
        let argument = message[middle.upperBound..<end.lowerBound]
        return (String(argument.firstRange(of: " <").map { argument[..<$0.lowerBound] } ?? argument), reason)
    }
}
