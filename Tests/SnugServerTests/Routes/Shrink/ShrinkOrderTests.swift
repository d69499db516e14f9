// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import SnugImage
import SnugSystem
import Testing

@testable import SnugServer

@Suite struct ShrinkOrderTests {
    private static func order(_ json: String) throws -> FitOrder {
        try #require(try orders(json).first)
    }

    private static func orders(_ json: String) throws -> [FitOrder] {
        try ShrinkOrder.orders(try #require(JSONValue(parsing: Array(json.utf8))))
    }

    @Test("The examples of Tinify's reference are read")
    func examples() throws {
        let fit = try Self.order(#"{"resize":{"method":"fit","width":150,"height":100}}"#)
        #expect(fit.limits.maximumWidth == 150)
        #expect(fit.limits.maximumHeight == 100)
        #expect(try Self.order(#"{"resize":{"method":"scale","width":7}}"#).limits.maximumWidth == 7)
        #expect(try Self.order(#"{"resize":{"method":"scale","height":7}}"#).limits.maximumHeight == 7)
        for method in ["cover", "thumb"] {
            #expect(
                try Self.order(#"{"resize":{"method":"\#(method)","width":150,"height":100}}"#).policy.frame
                    == ExactFrame(width: 150, height: 100, filling: .crop))
        }
        #expect(try Self.order(#"{"convert":{"type":["image/avif","image/png"]}}"#).policy.format == .png)
        #expect(try Self.order(#"{"convert":{"type":"image/webp"}}"#).policy.format == .webp)
        #expect(try Self.order(#"{"convert":{"type":"image/jpeg"}}"#).policy.format == .jpeg)
        #expect(try Self.order(#"{"convert":{"type":"*/*"}}"#).policy.format == .automatic)
        let flat = try Self.order(##"{"convert":{"type":"image/jpeg"},"transform":{"background":"#FFFFFF"}}"##)
        #expect(flat.policy.background == RGBColour(red: 255, green: 255, blue: 255))
        #expect(
            try Self.order(#"{"preserve":["copyright","location"]}"#).policy.metadata
                == FitPolicy.Metadata(kinds: [.copyright, .gps]))
    }

    @Test(
        "What asks for no other size is made smaller as a plain request is, and without loss where that is out of reach"
    )
    func orders() throws {
        for (json, isLossless) in [
            ("{}", true), (#"{"preserve":["copyright"]}"#, true), (#"{"convert":{"type":"image/png"}}"#, false),
            (##"{"transform":{"background":"#FFFFFF"}}"##, false),
        ] {
            let orders = try Self.orders(json)
            #expect(orders.count == 2)
            #expect(orders[0].limits.inputShare == 0.5)
            #expect(orders[0].policy.keepsSize)
            #expect(!orders[0].policy.isLossless)
            #expect(orders[1].limits.inputShare == nil)
            #expect(orders[1].policy.isLossless == isLossless, "\(json)")
            #expect(orders[1].policy.metadata == orders[0].policy.metadata)
            #expect(orders[1].policy.format == orders[0].policy.format)
        }
        #expect(try Self.orders(#"{"resize":{"method":"scale","width":7},"preserve":["location"]}"#).count == 1)
    }

    @Test(
        "Errors speak of the JSON's own names",
        arguments: [
            (#"{"resize":{"method":"cover","width":9,"height":9},"preserve":["location"]}"#, "resize"),
            (#"{"convert":{"type":"image/avif"}}"#, "convert"), (#"{"preserve":["everything"]}"#, "preserve"),
            (#"{"transform":{"background":"sand"}}"#, "transform"),
        ])
    func names(json: String, name: String) throws {
        let error = try #require(throws: ServiceError.self) { try Self.orders(json) }
        #expect(error.details["parameter"]?.text == name)
        #expect(error.message.hasPrefix("'\(name)': "), "\(error.message)")
        for other in ["'size'", "'metadata'", "'max-width'", "'background'"] {
            #expect(!error.message.contains(other), "\(error.message)")
        }
    }

    @Test(
        "What is not supported is refused",
        arguments: [
            "[]", "1", #"{"store":{"service":"s3"}}"#, #"{"resize":{"method":"fit","width":1}}"#, #"{"resize":{}}"#,
            #"{"resize":{"method":"scale","width":1,"height":2}}"#, #"{"resize":{"method":"scale"}}"#,
            #"{"resize":{"method":"fit","width":0,"height":1}}"#,
            #"{"resize":{"method":"fit","width":"1","height":1}}"#,
            #"{"resize":{"method":"spin","width":1,"height":1}}"#, #"{"convert":{"type":"image/avif"}}"#,
            #"{"convert":{}}"#,
            #"{"preserve":["everything"]}"#, #"{"preserve":"copyright"}"#, #"{"transform":{"background":"sand"}}"#,
        ])
    func refused(json: String) throws {
        let error = try #require(throws: ServiceError.self) { try Self.order(json) }
        #expect(error.status.code == 400)
    }
}
