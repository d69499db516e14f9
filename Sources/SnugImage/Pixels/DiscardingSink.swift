// SPDX-License-Identifier: Apache-2.0

/// Drops all rows: for images that are decoded to find damage only.
final class DiscardingSink: RowSink {
    func receive(_ row: Span<UInt8>, plane: Int) throws {}
}
