/// frame_renderer.h - a picture's worth of radiance.
///
/// Tiles whose cone of rays misses the model's tree cost one test; the rest get one ray a pixel through the
/// lens, each row at its own instant, and more where part, shadow, facing or brightness changes (and as far
/// beside as it smears), or everywhere when the model is small or smears much. Rows remember where light is (spans), so that dark sky costs nothing
/// downstream.
#pragma once

#include "world/optics.h"
#include "world/shading.h"

enum { RENDER_TILE = 8, RENDER_MAX_INSTANTS = 64 };

typedef struct {
    int32_t tiles, pixels_hit, pixels_refined;
} render_report_t;

/// Octets of scratch for a picture: zeroed by the caller before the call.
uint64_t frame_renderer_scratch_size(int32_t width, int32_t height);

/// @param radiance (height, width, 4), zeroed: red, green, blue [W m^-2 sr^-1], coverage 0..1.
///        span (height, 2): columns [first, end) that may hold light; set for every row.
/// Cost: about 0.3 ms of tests, then 0.15 us a pixel of spacecraft and as much for each further sample.
render_report_t frame_renderer_draw(const scene_t *scene, const sunlight_t *light, const lens_t *lens, const view_t *view,
                                    int32_t width, int32_t height, float *radiance, int32_t *span, void *scratch);
