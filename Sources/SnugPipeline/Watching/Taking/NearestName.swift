// SPDX-License-Identifier: Apache-2.0

/// The known name that somebody probably meant.
package enum NearestName {
    /// The name with the fewest changed letters; `nil` when none is near.
    package static func of(_ name: String, among names: [String]) -> String? {
        let lower = name.lowercased().replacing("-", with: "_")
        let ranked = names.map { (name: $0, distance: distance(lower, $0.replacing("-", with: "_"))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, min(3, best.name.count / 2)) ? best.name : nil
    }

    /// Letters to insert, delete or replace (Levenshtein). Names beyond 64 letters are near to none.
    static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left), Array(right))
        guard a.count <= 64, b.count <= 64 else { return .max }
        var row = Array(0...b.count)
        for (i, letter) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
}
