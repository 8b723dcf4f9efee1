"""Exchange results with other programs: MATLAB on another machine, and Polygraphy."""
