// SPDX-License-Identifier: Apache-2.0
package import SnugLedger
package import SnugSystem

extension Job {
    /// The job as JSON: every key is always there.
    package var json: JSONValue {
        var value: JSONValue = [:]
        write(to: &value)
        return value
    }

    /// The job as JSON on one line: the text of ``json``, at a small part of its cost.
    package var jsonLine: String {
        var line = JSONLine()
        write(to: &line)
        return line.text
    }

    private func write(to members: inout some JSONMembers) {
        members.append("id", text: id.description)
        members.append("name", text: name)
        members.append("folder", text: folder)
        members.append("account", text: account)
        members.append("state", text: state.rawValue)
        members.append("stage", text: stage.rawValue)
        members.append("step", text: step.rawValue)
        members.append("since", text: since.timestamp)
        members.append("created_at", text: createdAt.timestamp)
        members.append("due_at", text: dueAt.timestamp)
        members.append("paused_until", text: pausedUntil?.timestamp)
        members.append("reason", reason?.json ?? .null)
        members.append("priority", text: priority.name)
        members.append("attempt", number: attempt)
        members.append("crashes", number: crashes)
        members.append("outcome_unknown", flag: isOutcomeUnknown)
        members.append("cancel_requested", flag: isCancelRequested)
        members.append("worker", text: owner)
        members.append("lease_until", text: leaseUntil?.timestamp)
        members.append("supersedes", text: supersedes?.description)
        members.append("pipeline", text: identity.pipeline)
        members.append("options", masking: identity.options)
        members.append("options_version", number: identity.version)
        members.append("content_hash", text: identity.contentHash)
        members.append("payload", masking: payload)
    }
}

extension JSONMembers {
    /// Adds the value that text is, without the signatures and keys that addresses in it carry.
    fileprivate mutating func append(_ name: String, masking text: String) {
        // Most texts have no address, and need not be parsed.
        if MaskedJSON.mayHaveAddress(text) {
            append(name, MaskedJSON.masking(.parsing(text)))
        } else {
            append(name, parsing: text)
        }
    }
}

extension JobPriority {
    /// The name in JSON.
    package var name: String {
        switch self {
        case .interactive: "interactive"
        case .background: "background"
        }
    }
}

extension JobReason {
    /// The reason in the project's shape of an error.
    package var json: JSONValue {
        .error(code: code, message: message, details: details.map { MaskedJSON.masking(.parsing($0)) } ?? [:])
    }
}

extension JobEvent {
    /// The event as JSON.
    package var json: JSONValue {
        [
            "at": .text(at.timestamp), "verb": .text(verb), "state": .text(state.rawValue),
            "stage": .text(stage.rawValue), "step": .text(step.rawValue), "attempt": .integer(attempt),
            "claim": .integer(fence), "reason": reason?.json ?? .null,
        ]
    }
}

extension StepRecord {
    /// The effect as JSON.
    package var json: JSONValue {
        [
            "id": .text(id), "step": .text(step.rawValue), "state": .text(state.rawValue),
            "begun_at": .text(begunAt.timestamp), "ended_at": .optional(endedAt?.timestamp),
            "after_crash": .text(repetition.rawValue), "idempotency_key": .text(key),
            "key_expires_at": .optional(keyExpiresAt?.timestamp), "deadline": .optional(deadline?.timestamp),
            "body_digest": .optional(bodyDigest), "claim": .integer(fence),
            "payload": MaskedJSON.masking(.parsing(payload)),
        ]
    }
}

extension JobDelivery {
    /// The name as JSON.
    package var json: JSONValue {
        [
            "name": .text(name), "folder": .text(folder), "source": .optional(source),
            "delivered_at": .optional(deliveredAt?.timestamp),
        ]
    }
}

extension LedgerHold {
    /// The pause or the parked account as JSON.
    package var json: JSONValue {
        var (kind, name): (String, String?)
        switch scope {
        case .all: (kind, name) = ("all", nil)
        case .folder(let folder): (kind, name) = ("folder", folder)
        case .account(let account): (kind, name) = ("account", account)
        case .step(let step): (kind, name) = ("stage", step.rawValue)
        }
        return [
            "hold": .text(self.kind.rawValue), "scope": .text(kind), "name": .optional(name),
            "since": .text(since.timestamp), "until": .optional(until?.timestamp), "reason": reason.json,
        ]
    }
}

extension LedgerBooks {
    /// The counts as JSON, in the terms in which they balance: seen is the sum of the others but `joined`.
    package func json(folder: String) -> JSONValue {
        [
            "folder": .text(folder), "seen": .integer(seen), "delivered": .integer(count(.delivered)),
            "failed": .integer(count(.failed)), "held": .integer(count(.held)),
            "cancelled": .integer(count(.cancelled)), "waiting": .integer(waiting),
            "running": .integer(count(.running)), "paused": .integer(count(.paused)), "joined": .integer(joined),
            "balanced": .flag(areBalanced),
        ]
    }
}

extension JSONValue {
    /// The value that text is, or the text itself where it is no JSON.
    package static func parsing(_ text: String) -> JSONValue { text == "{}" ? [:] : .orText(text) }
}
