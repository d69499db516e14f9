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

    /// Letters to insert, delete, replace or swap with the next (optimal string alignment). Names beyond 64 letters are near
    /// to none.
    static func distance(_ left: String, _ right: String) -> Int {
        let (a, b) = (Array(left), Array(right))
        guard a.count <= 64, b.count <= 64 else { return .max }
        var (before, row) = ([Int](), Array(0...b.count))
        for (i, letter) in a.enumerated() {
            var next = [i + 1]
            for (j, other) in b.enumerated() {
                var best = min(row[j] + (letter == other ? 0 : 1), next[j] + 1, row[j + 1] + 1)
                if i > 0, j > 0, letter == b[j - 1], a[i - 1] == other { best = min(best, before[j - 1] + 1) }
                next.append(best)
            }
            (before, row) = (row, next)
        }
        return row[b.count]
    }
}
