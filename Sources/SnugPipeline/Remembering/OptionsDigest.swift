// SPDX-License-Identifier: Apache-2.0
import SnugImage
import SnugSystem

/// A digest of everything that decides how an output is made.
///
/// Read from the values themselves, field by field, so that a field that is added counts at once.
enum OptionsDigest {
    /// ``naming(_:)``, and a digest of limits and choices.
    static func digest(_ request: FitRequest) -> String {
        naming(request) + hash(canonical(request.limits) + canonical(request.policy))
    }

    /// A digest of the way in which outputs are named, with which every digest of options begins.
    static func naming(_ request: FitRequest) -> String {
        request.nameTemplate.map { "\(hash(canonical($0)).prefix(8))-" } ?? "-"
    }

    private static func hash(_ text: String) -> String {
        MessageDigest.sha256(Array(text.utf8)).prefix(16).hexadecimal
    }

    /// The fields of a value by name; sets in order.
    static func canonical(_ value: Any) -> String {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .set: return "{\(mirror.children.map { canonical($0.value) }.sorted().joined(separator: ","))}"
        case .optional: return mirror.children.first.map { canonical($0.value) } ?? "nil"
        case .collection: return "[\(mirror.children.map { canonical($0.value) }.joined(separator: ","))]"
        case .struct where !mirror.children.isEmpty:
            let fields = mirror.children.map { "\($0.label ?? ""):\(canonical($0.value))" }
            return "(\(fields.joined(separator: ",")))"
        default: return String(describing: value)
        }
    }
}
