// SPDX-License-Identifier: Apache-2.0

/// The reply to most orders as fields with zeros between them: JSON would take as long as all else that is sent.
extension FitReply.Report {
    private static let mark = UInt8(ascii: "I")
    /// The fields before the warnings.
    private static let count = 10

    /// `nil` where a figure is no number.
    var fields: [UInt8]? {
        guard scale.isFinite, quality?.isFinite ?? true else { return nil }
        let fields = [
            status, isSource ? "1" : "0", "\(byteCount)", format.rawValue, "\(width)", "\(height)",
            quality.map { "\($0.bitPattern)" } ?? "", "\(scale.bitPattern)", "\(encodes)",
        ]
        var bytes = [Self.mark]
        for field in fields + warnings {
            bytes.append(0)
            bytes += field.utf8.lazy.filter { $0 != 0 }
        }
        return bytes
    }

    /// `nil` for bytes that are no such fields: the process that wrote them may have been taken over.
    init?(fields bytes: [UInt8]) {
        guard bytes.first == Self.mark else { return nil }
        var fields: [String] = []
        for field in bytes.split(separator: 0, omittingEmptySubsequences: false) {
            guard let text = String(validating: field, as: UTF8.self) else { return nil }
            fields.append(text)
        }
        guard fields.count >= Self.count, fields[0].utf8.count == 1, ["0", "1"].contains(fields[2]),
            let byteCount = Int(fields[3]), let format = ImageFormat(rawValue: fields[4]),
            let width = Int(fields[5]), let height = Int(fields[6]),
            let scale = Self.number(fields[8]), let encodes = Int(fields[9])
        else { return nil }
        if !fields[7].isEmpty {
            guard let quality = Self.number(fields[7]) else { return nil }
            self.quality = quality
        }
        status = fields[1]
        isSource = fields[2] == "1"
        self.byteCount = byteCount
        self.format = format
        self.width = width
        self.height = height
        self.scale = scale
        self.encodes = encodes
        warnings = Array(fields[Self.count...])
    }

    private static func number(_ text: String) -> Double? {
        guard let value = UInt64(text).map(Double.init(bitPattern:)), value.isFinite else { return nil }
        return value
    }
}
