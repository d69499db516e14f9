// SPDX-License-Identifier: Apache-2.0

/// The response to an order: one document, or a stream of events.
struct OpenAIResponse {
    let world: World
    let order: OpenAIOrder
    let plan: JobPlan
    let seed: Int

    var document: Reply {
        let data = (0..<order.count).map { index -> JSON in
            let bytes = image(index)
            guard order.wantsURL else { return ["b64_json": .text(Base64.encode(bytes))] }
            let maker = ResultMaker(world: world)
            let name = maker.store(bytes, plan: plan, format: order.format)
            let lifetime = world.configuration.openAI.urlLifetime
            return [
                "url": .text(maker.url(name, plan: plan, lifetime: lifetime)), "revised_prompt": .text(order.prompt),
            ]
        }
        var members = description
        members["created"] = .integer(world.clock.seconds)
        members["data"] = .array(data)
        members["usage"] = usage
        return Reply(200, json: .object(members))
    }

    var stream: Reply {
        let kind = order.isEdit ? "image_edit" : "image_generation"
        var events = EventStream(plan.stream)
        for index in 0..<order.partialImages {
            var members = description
            members["type"] = .text("\(kind).partial_image")
            members["b64_json"] = .text(Base64.encode(image(index)))
            members["partial_image_index"] = .integer(index)
            members["created_at"] = .integer(world.clock.seconds)
            members["note"] = "préparé ☕"
            events.add("\(kind).partial_image", members)
        }
        if !plan.stream.cutsBeforeCompleted {
            var members = description
            members["type"] = .text("\(kind).completed")
            members["b64_json"] = .text(Base64.encode(image(0)))
            members["created_at"] = .integer(world.clock.seconds)
            members["usage"] = usage
            members["note"] = "terminé ☕"
            events.add("\(kind).completed", members)
        }
        return Reply(
            200, ["Content-Type": "text/event-stream", "Cache-Control": "no-cache"],
            body: .pieces(events.pieces, isCut: plan.stream.cutsBeforeCompleted))
    }

    private func image(_ index: Int) -> [UInt8] {
        ResultMaker(world: world).bytes(
            plan, width: order.width, height: order.height, seed: seed * 10 + index, format: order.format)
    }

    private var description: [String: JSON] {
        [
            "background": .text(order.background), "output_format": .text(order.format.rawValue),
            "quality": .text(order.quality), "size": .text(order.size == "auto" ? "1024x1024" : order.size),
        ]
    }

    private var usage: JSON {
        let details: JSON = ["image_tokens": 0, "text_tokens": 8]
        return ["input_tokens": 8, "input_tokens_details": details, "output_tokens": 272, "total_tokens": 280]
    }
}
