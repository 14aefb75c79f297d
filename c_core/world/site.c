#include "world/site.h"

#include "world/site_parts.h"

#define HIGH_SUN 0.45f  ///< Sine of its elevation, from which no relief of a plain throws a shadow.

static inline void look_up(const float table[][3], float place, float out[3])
{
    float at = place * (float)SITE_SKY_STEPS;
    int32_t i = (int32_t)at;
    i = i < SITE_SKY_STEPS ? i : SITE_SKY_STEPS - 1;
    at -= (float)i;
    for (int k = 0; k < 3; k++)
        out[k] = table[i][k] + (table[i + 1][k] - table[i][k]) * at;
}

void site_sky(const site_t *self, const float direction[3], float radiance[3])
{
    float up = sqrtf(least_of(most_of(direction[2], 0), 1)), phase[3], once[3];
    float half2 = 0.5f - 0.5f * dot(direction, self->sun);
    look_up(self->sky_once, up, once);
    look_up(self->sky_often, up, radiance);
    look_up(self->phase, sqrtf(least_of(most_of(half2, 0), 1)), phase);
    for (int k = 0; k < 3; k++)
        radiance[k] += once[k] * phase[k];
}

// Does a ray come within a sphere ahead of its start?
static inline int near_sphere(const float middle[3], float radius, const float origin[3], const float direction[3])
{
    float c[3], along = 0, far2 = 0, size2 = dot(direction, direction);
    for (int k = 0; k < 3; k++) {
        c[k] = middle[k] - origin[k];
        along += c[k] * direction[k];
        far2 += c[k] * c[k];
    }
    float spare2 = far2 - radius * radius;
    return spare2 < 0 || (along > 0 && along * along > spare2 * size2);
}

int site_body_blocks(const site_body_t *body, const float point[3], const float direction[3])
{
    float p[3], d[3];
    to_body(body, point, p);
    turn_back(body->turn, direction, d);
    return near_sphere(body->middle, body->radius, p, d) && ray_caster_blocked(body->scene->nodes, body->scene->packs, p, d, 1e-4f);
}

int site_bodies_block(const site_t *self, int32_t but, const float point[3], const float direction[3])
{
    if (near_sphere(self->middle, self->radius, point, direction))
        for (int32_t i = 0; i < self->body_count; i++)
            if (i != but && site_body_blocks(&self->body[i], point, direction))
                return 1;
    return 0;
}

const scene_t *site_casting(const site_t *self) { return self->sun[2] > HIGH_SUN ? self->things : self->still; }

int site_others_block(const site_t *self, int32_t but, const float point[3], const float direction[3])
{
    const scene_t *still = site_casting(self);
    return site_bodies_block(self, but, point, direction) ||
           (but != SITE_STILL && ray_caster_blocked(still->nodes, still->packs, point, direction, 1e-4f));
}

// ---- What the shading of one scene asks about the rest ---------------------------------------------------

static int blocked_beside(const void *context, const float point[3], const float direction[3])
{
    const site_place_t *self = context;
    if (self->body < 0)
        return site_others_block(self->site, SITE_STILL, point, direction);
    const site_body_t *body = &self->site->body[self->body];
    float p[3], d[3];
    to_site(body, point, p);
    turn(body->turn, direction, d);
    return site_others_block(self->site, self->body, p, d);
}

static void seen_beside(const void *context, const float point[3], const float direction[3], float radiance[3])
{
    const site_place_t *self = context;
    const site_t *site = self->site;
    float d[3] = {direction[0], direction[1], direction[2]};
    if (self->body >= 0)
        turn(site->body[self->body].turn, direction, d);
    if (d[2] >= 0) {
        site_sky(site, d, radiance);
        return;
    }
    // The ground in a mirror: level, at the foot of what stands there, in its shadow or not.
    const site_body_t *body = self->body < 0 ? 0 : &site->body[self->body];
    float p[3] = {point[0], point[1], point[2]}, foot[3];
    if (body)
        to_site(body, point, p);
    float t = most_of(((body ? body->at[2] : site->level) - p[2]) / d[2], 0);
    for (int k = 0; k < 3; k++)
        foot[k] = p[k] + d[k] * t;
    foot[2] += 0.01f;
    int dark = body ? site_body_blocks(body, foot, site->sun)
                    : ray_caster_blocked(site->things->nodes, site->things->packs, foot, site->sun, 1e-4f);
    for (int k = 0; k < 3; k++)
        radiance[k] = dark ? site->shade[k] : site->ground[k];
}

void site_place(site_place_t *self, const site_t *site, int32_t body)
{
    self->site = site;
    self->body = body;
    self->around = (surroundings_t){blocked_beside, seen_beside, self};
    self->light = (sunlight_t){.radius_rad = site->sun_radius, .sunlit = 1, .around = &self->around};
    const float(*glow)[3] = body < 0 ? site->glow : site->body[body].glow;
    for (int k = 0; k < 3; k++) {
        self->light.direction[k] = site->sun[k];
        self->light.irradiance[k] = site->beam[k];
        for (int i = 0; i < 4; i++)
            self->light.glow[i][k] = glow[i][k];
    }
    if (body < 0)
        return;
    const float *r = site->body[body].turn;
    turn_back(r, site->sun, self->light.direction);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 3; i++)
            self->light.glow[1 + i][k] = r[i] * glow[1][k] + r[3 + i] * glow[2][k] + r[6 + i] * glow[3][k];
}
