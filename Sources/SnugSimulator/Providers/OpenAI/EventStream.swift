// SPDX-License-Identifier: Apache-2.0

/// Writes server-sent events, with the oddities that a plan asks for.
struct EventStream {
    let plan: StreamPlan
    private(set) var pieces: [[UInt8]] = []

    init(_ plan: StreamPlan) { self.plan = plan }

    /// Adds one event; `data` is the JSON's members.
    mutating func add(_ event: String, _ data: [String: JSON]) {
        let newline = plan.carriageReturns ? "\r\n" : "\n"
        if plan.comments { write(": keep-alive\(newline)\(newline)") }
        // With one member on each line it is still one JSON value once a reader has joined the lines.
        let members = data.sorted { $0.key < $1.key }.map { member in
            String(decoding: JSON.text(member.key).bytes, as: UTF8.self) + ":"
                + String(decoding: member.value.bytes, as: UTF8.self)
        }
        let lines =
            plan.multilineData ? ["{"] + commaSeparated(members) + ["}"] : ["{\(members.joined(separator: ","))}"]
        let text = lines.map { "data: \($0)\(newline)" }.joined()
        write("event: \(event)\(newline)\(text)\(newline)")
    }

    private func commaSeparated(_ members: [String]) -> [String] {
        members.enumerated().map { $0.offset < members.count - 1 ? $0.element + "," : $0.element }
    }

    private mutating func write(_ text: String) {
        let bytes = Array(text.utf8)
        // The first byte of a character of several bytes; the write ends right behind it.
        guard plan.splitsCharacters, let lead = bytes.firstIndex(where: { $0 >= 0xC0 }) else {
            pieces.append(bytes)
            return
        }
        pieces += [Array(bytes[...lead]), Array(bytes[(lead + 1)...])]
    }
}
