// SPDX-License-Identifier: Apache-2.0

extension FitPlan {
    /// Lossless recompression saves 5 to 12 %: it is not tried on files further over the limit.
    static let maximumRecodingGain = 1.12

    /// Decides what to do with a surveyed file.
    static func make(_ survey: SourceSurvey, limits: Limits, policy: FitPolicy) throws(ImageError) -> FitPlan {
        try checkArguments(limits: limits, policy: policy)
        let header = survey.header
        try checkDecodable(header)
        if let page = policy.page { try FramePage.check(page, of: header) }
        let (format, unwritable) = try formatOrFault(header, limits: limits, policy: policy)
        let size = try outputSize(header, format: format, limits: limits, policy: policy)
        let choosesWebP = format == nil && mayBecomeWebP(size, limits: limits, policy: policy)
        var reasons = reasonsToEncode(header, size: size, limits: limits, policy: policy)
        if survey.convertsColours { reasons.append("its colours are converted to sRGB") }
        var plan = FitPlan(
            action: .encode, format: format, width: size.width, height: size.height,
            reason: reasons.joined(separator: ", "))
        plan.mayBecomeWebP = choosesWebP
        if let unwritable, policy.isLossless || !reasons.isEmpty { throw unwritable }
        if policy.isLossless {
            guard reasons.isEmpty else {
                throw ImageError(
                    .cannotFit, "\(plan.reason): that changes pixels, and only lossless changes were asked for")
            }
            plan.mayRecode = true
            plan.format = header.format
            plan.reason = "recompressed without changing a pixel"
            plan.uncertainty = "how small it becomes shows when it is recompressed"
            return plan
        }
        guard reasons.isEmpty else {
            plan.uncertainty = encodingUncertainty(plan)
            return plan
        }
        plan.decide(survey, limits: limits, policy: policy)
        if plan.action == .encode {
            if let unwritable { throw unwritable }
            plan.uncertainty = plan.uncertainty ?? encodingUncertainty(plan)
        } else {
            plan.format = header.format
            plan.uncertainty = "unless decoding shows damage"
        }
        return plan
    }

    /// The format of a re-encoded output; where there is none, the file's own, which can still be passed on.
    private static func formatOrFault(
        _ header: ImageHeader, limits: Limits, policy: FitPolicy
    ) throws(ImageError) -> (ImageFormat?, unwritable: ImageError?) {
        do {
            return (try outputFormat(header, limits: limits, policy: policy), nil)
        } catch {
            guard limits.formats.contains(header.format), [.keep, .automatic].contains(policy.format) else {
                throw error
            }
            return (header.format, error)
        }
    }

    /// Decides about a file whose pixels need no change for other reasons than bytes.
    private mutating func decide(_ survey: SourceSurvey, limits: Limits, policy: FitPolicy) {
        let header = survey.header
        let isOver = survey.byteCount > limits.fileByteLimit
        let over = "\(survey.byteCount) bytes are over the limit of \(limits.fileByteLimit)"
        switch survey.stripped {
        case nil:
            let carries = header.metadata.total - header.metadata.icc > 0
            action = isOver || carries && !policy.passesCompliantUnchanged ? .strip : .copy
            reason = isOver ? over : action == .copy ? "complies already" : "complies, and carries metadata"
        case .failure(let fault):
            reason = fault.message
            uncertainty = Self.completeness
        case .success(let stripped):
            let removed = survey.byteCount - stripped.byteCount
            let keepsAll =
                stripped.changesNothing || policy.passesCompliantUnchanged && stripped.structure.trailer != .other
            if let minimum = limits.minimumBytes, !isOver, keepsAll, survey.byteCount < minimum {
                action = .strip
                reason = "complies but for its size, and is padded to \(minimum) bytes"
            } else if !isOver && keepsAll {
                action = .copy
                reason = "complies already"
            } else if stripped.byteCount <= limits.fileByteLimit {
                action = .strip
                reason = isOver ? over : "complies, with \(removed) bytes of metadata or trailing data to remove"
            } else {
                reason = over
                mayRecode =
                    header.format == .jpeg && policy.strategy == .best && !policy.isBaseline
                    && Double(stripped.byteCount) <= Double(limits.fileByteLimit) * Self.maximumRecodingGain
            }
        }
    }

    private static let completeness = "decoding shows whether the image is complete"

    /// Takes a fault of the file's structure into the plan.
    mutating func note(_ fault: String) {
        self.fault = fault
        guard reason != fault else { return }
        uncertainty = "\(fault); \(Self.completeness)"
    }

    private static func encodingUncertainty(_ plan: FitPlan) -> String {
        let formats = plan.mayBecomeWebP ? "JPEG, PNG or WebP" : "JPEG or PNG"
        return (plan.format == nil ? "its pixels decide on \(formats); " : "")
            + "whether it is sound, its quality and its final size show when it is encoded"
    }
}
