// SPDX-License-Identifier: Apache-2.0
import SnugTestSupport
import Testing

@testable import SnugImage

/// Turns of ISO/IEC 23008-12 §6.5.10 and §6.5.12, carried out on a sheet of numbers.
@Suite struct PlaneTurnTests {
    /// Rows of numbers that are all different.
    private typealias Sheet = [[Int]]
    private static let sheet: Sheet = [[1, 2, 3], [4, 5, 6]]

    private static func rotatedCounterclockwise(_ sheet: Sheet) -> Sheet {
        // The last column becomes the first row.
        sheet[0].indices.reversed().map { column in sheet.map { $0[column] } }
    }

    /// The sheet as it is shown, by the corner that EXIF 2.32 table 6 puts first: row 0 and column 0 of the stored image.
    private static func shown(_ sheet: Sheet, _ orientation: Orientation) -> Sheet {
        let columns = sheet[0].indices.map { column in sheet.map { $0[column] } }
        return switch orientation.rawValue {
        case 2: sheet.map { $0.reversed() }
        case 3: sheet.reversed().map { $0.reversed() }
        case 4: sheet.reversed()
        case 5: columns
        case 6: columns.map { $0.reversed() }
        case 7: columns.reversed().map { $0.reversed() }
        case 8: columns.reversed()
        default: sheet
        }
    }

    @Test("Whatever turns and mirrors follow each other, one orientation shows what they do", arguments: UInt64(0)..<40)
    func sequence(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var turn = PlaneTurn()
        var sheet = Self.sheet
        for _ in 0..<Int.random(in: 0...7, using: &random) {
            switch Int.random(in: 0...2, using: &random) {
            case 0:
                let quarters = Int.random(in: 0...3, using: &random)
                turn.rotateCounterclockwise(quarters)
                for _ in 0..<quarters { sheet = Self.rotatedCounterclockwise(sheet) }
            case 1:
                turn.mirror(leftToRight: true)
                sheet = sheet.map { $0.reversed() }
            default:
                turn.mirror(leftToRight: false)
                sheet.reverse()
            }
        }
        #expect(Self.shown(Self.sheet, turn.orientation) == sheet)
    }

    @Test("Only the lowest two bits of a rotation count", arguments: [4, 5, 6, 7, 255])
    func upperBits(value: Int) {
        var (turn, plain) = (PlaneTurn(), PlaneTurn())
        turn.rotateCounterclockwise(value)
        plain.rotateCounterclockwise(value % 4)
        #expect(turn.orientation == plain.orientation)
    }
}
